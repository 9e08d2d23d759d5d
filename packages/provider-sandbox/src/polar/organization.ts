import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import { parse } from './validation.ts';

interface Settings {
  id: string;
  name: string;
  modified_at: string | null;
  subscription: {
    allow_multiple_subscriptions: boolean;
    proration_behavior: 'invoice' | 'prorate' | 'next_period';
    benefit_revocation_grace_period: number;
    prevent_trial_abuse: boolean;
    allow_customer_updates: boolean;
  };
  features: Record<string, boolean>;
  portalPause: boolean;
}

const subscriptionSettings = z.object({
  allow_multiple_subscriptions: z.boolean(),
  proration_behavior: z.enum(['invoice', 'prorate', 'next_period']),
  benefit_revocation_grace_period: z.int().min(0),
  prevent_trial_abuse: z.boolean(),
  allow_customer_updates: z.boolean(),
});
const updateBody = z.object({
  name: z.string().min(3).nullish(),
  feature_settings: z.record(z.string(), z.boolean()).nullish(),
  subscription_settings: subscriptionSettings.nullish(),
  customer_portal_settings: z.object({ subscription: z.object({ pause: z.boolean().optional() }) }).nullish(),
});

/** The one organization of the account. Preview features are on, so that they can be tried; `reset` is off as at Polar. */
function defaults(): Settings {
  return {
    id: 'settings',
    name: 'Sandbox Merchant',
    modified_at: null,
    subscription: {
      allow_multiple_subscriptions: false,
      proration_behavior: 'prorate',
      benefit_revocation_grace_period: 0,
      prevent_trial_abuse: false,
      allow_customer_updates: true,
    },
    features: {
      seat_based_pricing_enabled: true,
      off_session_charges_enabled: true,
      meter_cycling_enabled: true,
      disputes_enabled: true,
      slack_benefit_enabled: true,
      reset_proration_behavior_enabled: false,
    },
    portalPause: true,
  };
}

export function settingsOf(polar: PolarContext): Settings {
  return polar.sandbox.store.collection<Settings>('polar/organization').get('settings') ?? defaults();
}

/** The part that customers see. */
export function publicOrganization(polar: PolarContext): Record<string, unknown> {
  const { name, modified_at, subscription } = settingsOf(polar);
  return {
    id: polar.organizationId(),
    created_at: '2026-01-01T00:00:00.000Z',
    modified_at,
    name,
    slug: ORGANIZATION_SLUG,
    avatar_url: null,
    proration_behavior: subscription.proration_behavior,
    allow_customer_updates: subscription.allow_customer_updates,
  };
}

export function portalSettings(polar: PolarContext): object {
  const { subscription, portalPause } = settingsOf(polar);
  return {
    usage: { show: true },
    subscription: { update_seats: true, update_plan: subscription.allow_customer_updates, pause: portalPause },
    customer: { allow_email_change: false },
  };
}

const MAILS =
  'order_confirmation payment_method_expiration_reminder subscription_cancellation subscription_confirmation subscription_cycled subscription_cycled_after_trial subscription_past_due subscription_paused subscription_resumed subscription_renewal_reminder subscription_revoked subscription_trial_conversion_reminder subscription_uncanceled subscription_updated';

function showOrganization(polar: PolarContext): Record<string, unknown> & { created_at: string } {
  const { subscription, features } = settingsOf(polar);
  return {
    ...publicOrganization(polar),
    created_at: '2026-01-01T00:00:00.000Z',
    email: 'merchant@example.com',
    website: 'https://merchant.example',
    socials: [],
    status: 'active',
    details_submitted_at: '2026-01-01T00:00:00.000Z',
    onboarding_resubmission_requested_at: null,
    sso_enforced: false,
    default_presentment_currency: 'usd',
    default_tax_behavior: 'location',
    feature_settings: features,
    subscription_settings: subscription,
    // The sandbox sends no mail.
    customer_email_settings: Object.fromEntries(MAILS.split(' ').map((name) => [name, false])),
    customer_portal_settings: portalSettings(polar),
    dispute_settings: { auto_accept_below_amount: null },
    embed_hosts: [],
    embed_hosts_enforced: false,
    country: 'US',
    account_id: null,
    payout_account_id: null,
    capabilities: {
      checkout_payments: true,
      subscription_renewals: true,
      payouts: true,
      refunds: true,
      api_access: true,
      dashboard_access: true,
    },
  };
}

function update(polar: PolarContext, body: z.output<typeof updateBody>): object {
  const settings = settingsOf(polar);
  if (body.name != null) settings.name = body.name;
  if (body.subscription_settings != null) settings.subscription = body.subscription_settings;
  settings.features = { ...settings.features, ...body.feature_settings };
  settings.portalPause = body.customer_portal_settings?.subscription.pause ?? settings.portalPause;
  settings.modified_at = polar.now();
  polar.sandbox.store.collection<Settings>('polar/organization').put(settings);
  polar.emit('organization.updated', showOrganization(polar));
  return showOrganization(polar);
}

export function organizationRoutes(polar: PolarContext): Route[] {
  const own = (id: string | undefined): void => {
    if (id !== polar.organizationId()) throw notFound();
  };
  return [
    {
      method: 'get',
      path: '/v1/organizations/',
      operations: ['organizations.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(
          request,
          [showOrganization(polar)],
          () => [null, ORGANIZATION_SLUG].includes(request.query.get('slug')),
          (doc) => doc,
        ),
      }),
    },
    {
      method: 'get',
      path: '/v1/organizations/:id',
      operations: ['organizations.get'],
      handle: (request) => (own(request.params['id']), { status: 200, body: showOrganization(polar) }),
    },
    {
      method: 'patch',
      path: '/v1/organizations/:id',
      operations: ['organizations.update'],
      handle: (request) => (
        own(request.params['id']),
        { status: 200, body: update(polar, parse(updateBody, request)) }
      ),
    },
  ];
}
