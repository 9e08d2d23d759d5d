import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import { emitState } from './customer-state.ts';
import { issueLicenseKey, setKeyStatus } from './license-key-issue.ts';
import { creditMeter, recordSystemEvent, resetMeter } from './metering.ts';
import type { Benefit, Grant, Subscription } from './objects.ts';
import { settingsOf } from './organization.ts';

const GRACE_END = 'polar.benefits.grace-end';
const DAY_MS = 86_400_000;

/** What a grant hangs on: a subscription for as long as it lives, or a one-time order for ever. */
interface GrantSource {
  customerId: string;
  subscriptionId: string | null;
  orderId: string | null;
}

export function showGrant(polar: PolarContext, grant: Grant): Record<string, unknown> & Grant {
  return {
    ...grant,
    member_id: null,
    customer: polar.customers.get(grant.customer_id) ?? null,
    member: null,
    benefit: polar.benefits.get(grant.benefit_id) ?? null,
  };
}

type GrantEvent = 'created' | 'updated' | 'cycled' | 'revoked';

const SYSTEM_NAME = { created: 'granted', updated: 'updated', cycled: 'cycled', revoked: 'revoked' } as const;

function tell(polar: PolarContext, grant: Grant, event: GrantEvent, previous: Grant['properties'] | null): void {
  grant.modified_at = event === 'created' ? grant.modified_at : polar.now();
  polar.grants.put(grant);
  const type = polar.benefits.get(grant.benefit_id)?.type ?? 'custom';
  const name = SYSTEM_NAME[event];
  if (grant.is_granted || event === 'revoked') {
    recordSystemEvent(polar, {
      name: `benefit.${name}`,
      label: `Benefit ${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      customerId: grant.customer_id,
      metadata: { benefit_id: grant.benefit_id, benefit_grant_id: grant.id, benefit_type: type },
    });
  }
  polar.emit(`benefit_grant.${event}`, { ...showGrant(polar, grant), previous_properties: previous });
  emitState(polar, grant.customer_id);
}

interface MeterCredit {
  meter_id: string;
  units: number;
  rollover: boolean;
}

const meterCreditOf = (benefit: Benefit): MeterCredit => ({
  meter_id: String(benefit.properties['meter_id']),
  units: Number(benefit.properties['units']),
  rollover: benefit.properties['rollover'] === true,
});

function creditBy(polar: PolarContext, benefit: Benefit, customerId: string): Grant['properties'] {
  const { meter_id: meterId, units, rollover } = meterCreditOf(benefit);
  creditMeter(polar, customerId, { meterId, units, rollover });
  return { last_credited_meter_id: meterId, last_credited_units: units, last_credited_at: polar.now() };
}

/** What the customer gets, or null when an account has to be linked first. */
function deliver(polar: PolarContext, benefit: Benefit, grant: Grant): Grant['properties'] | null {
  const { properties: rules } = benefit;
  const { properties: own, customer_id: customerId } = grant;
  switch (benefit.type) {
    case 'custom':
    case 'feature_flag':
      return {};
    case 'discord':
      return own['account_id'] == null
        ? null
        : { ...own, guild_id: rules['guild_id'], role_id: rules['role_id'], granted_account_id: own['account_id'] };
    case 'github_repository': {
      const { repository_owner, repository_name, permission } = rules;
      return own['account_id'] == null
        ? null
        : { ...own, repository_owner, repository_name, permission, granted_account_id: own['account_id'] };
    }
    case 'slack_shared_channel':
      return own['invited_email'] == null
        ? null
        : { ...own, channel_id: `C${uuid().slice(0, 8).toUpperCase()}`, channel_name: 'shared-channel' };
    case 'downloadables': {
      const archived = (rules['archived'] ?? {}) as Record<string, boolean>;
      return { files: (rules['files'] as string[]).filter((id) => archived[id] !== true) };
    }
    case 'license_keys': {
      if (own['license_key_id'] !== undefined) {
        setKeyStatus(polar, own['license_key_id'], 'granted');
        return own;
      }
      const key = issueLicenseKey(polar, benefit, customerId);
      return { license_key_id: key.id, display_key: key.display_key };
    }
    case 'meter_credit':
      return creditBy(polar, benefit, customerId);
  }
}

/** Delivers, or leaves the grant waiting with the reason in `error`, as Polar does until an account is linked. */
function tryGrant(polar: PolarContext, benefit: Benefit, grant: Grant): void {
  const properties = deliver(polar, benefit, grant);
  Object.assign(grant, {
    is_granted: properties !== null,
    granted_at: properties === null ? null : polar.now(),
    is_revoked: false,
    revoked_at: null,
    properties: properties ?? grant.properties,
    error:
      properties === null
        ? {
            message: 'The customer needs to take action before this benefit is granted.',
            type: 'BenefitActionRequiredError',
            timestamp: polar.now(),
          }
        : null,
  });
}

function grantOne(polar: PolarContext, source: GrantSource, benefit: Benefit): void {
  const known = polar.grants
    .findBy('source', source.subscriptionId ?? source.orderId ?? '')
    .find((grant) => grant.benefit_id === benefit.id && grant.customer_id === source.customerId);
  if (known && !known.is_revoked) return;
  const grant: Grant = known ?? {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    granted_at: null,
    is_granted: false,
    revoked_at: null,
    is_revoked: false,
    subscription_id: source.subscriptionId,
    order_id: source.orderId,
    customer_id: source.customerId,
    benefit_id: benefit.id,
    properties: {},
    error: null,
  };
  tryGrant(polar, benefit, grant);
  tell(polar, grant, 'created', null);
}

export function revokeGrant(polar: PolarContext, grant: Grant): void {
  if (grant.is_revoked) return;
  const benefit = polar.benefits.get(grant.benefit_id);
  const previous = { ...grant.properties };
  if (benefit?.type === 'license_keys') setKeyStatus(polar, grant.properties['license_key_id'], 'revoked');
  if (benefit?.type === 'meter_credit' && grant.is_granted) {
    const { meter_id: meterId, rollover } = meterCreditOf(benefit);
    const units = -Number(grant.properties['last_credited_units'] ?? 0);
    creditMeter(polar, grant.customer_id, { meterId, units, rollover });
  }
  Object.assign(grant, { is_granted: false, is_revoked: true, revoked_at: polar.now() });
  tell(polar, grant, 'revoked', previous);
}

/** The customer linked an account, or the benefit changed: what waits is tried again. */
export function updateGrant(polar: PolarContext, grant: Grant, properties: Grant['properties']): void {
  const benefit = polar.benefits.get(grant.benefit_id);
  if (!benefit) return;
  const previous = { ...grant.properties };
  grant.properties = { ...grant.properties, ...properties };
  tryGrant(polar, benefit, grant);
  tell(polar, grant, 'updated', previous);
}

/** Brings the grants of a source to exactly these benefits. */
export function setGrants(polar: PolarContext, source: GrantSource, benefitIds: readonly string[]): void {
  for (const grant of polar.grants.findBy('source', source.subscriptionId ?? source.orderId ?? '')) {
    if (!benefitIds.includes(grant.benefit_id)) revokeGrant(polar, grant);
  }
  for (const id of benefitIds) {
    const benefit = polar.benefits.get(id);
    if (benefit && !benefit.is_deleted) grantOne(polar, source, benefit);
  }
}

const sourceOf = (subscription: Subscription): GrantSource => ({
  customerId: subscription.customer_id,
  subscriptionId: subscription.id,
  orderId: null,
});

/** Grants while active or trialing; a past-due one keeps them for the organization's grace only (0, 2, 7, 14 or 21 days). */
export function syncBenefits(polar: PolarContext, subscription: Subscription): void {
  const { agenda, clock } = polar.sandbox;
  const graceDays = settingsOf(polar).subscription.benefit_revocation_grace_period;
  const graceEndMs = Date.parse(subscription.past_due_at ?? polar.now()) + graceDays * DAY_MS;
  if (subscription.status === 'past_due' && clock.nowMs() < graceEndMs) {
    agenda.plan(GRACE_END, subscription.id, graceEndMs);
    return;
  }
  agenda.cancel(GRACE_END, subscription.id);
  const isLive = subscription.status === 'active' || subscription.status === 'trialing';
  setGrants(
    polar,
    sourceOf(subscription),
    isLive ? (polar.products.get(subscription.product_id)?.benefit_ids ?? []) : [],
  );
}

/** At a new period the meters start over and recurring credits come again. */
export function cycleBenefits(polar: PolarContext, subscription: Subscription, meterIds: readonly string[]): void {
  const grants = polar.grants.findBy('source', subscription.id).filter((grant) => grant.is_granted);
  const credits = grants.flatMap((grant) => {
    const benefit = polar.benefits.get(grant.benefit_id);
    return benefit?.type === 'meter_credit' ? [{ grant, benefit }] : [];
  });
  const credited = credits.map(({ benefit }) => meterCreditOf(benefit));
  for (const meterId of new Set([...meterIds, ...credited.map((credit) => credit.meter_id)])) {
    const rollsOver = credited.some((credit) => credit.meter_id === meterId && credit.rollover);
    resetMeter(polar, subscription.customer_id, meterId, rollsOver);
  }
  for (const { grant, benefit } of credits) {
    const previous = { ...grant.properties };
    grant.properties = creditBy(polar, benefit, grant.customer_id);
    tell(polar, grant, 'cycled', previous);
  }
}

export function scheduleBenefits(polar: PolarContext): void {
  polar.sandbox.agenda.handle(GRACE_END, (id) => {
    const subscription = polar.subscriptions.get(id);
    if (subscription) syncBenefits(polar, subscription);
  });
}
