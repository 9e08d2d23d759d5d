import type { Request } from 'express';
import type { Checkout } from '../../db/entities/checkout.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { findCheckout, findSameRequest, insertCheckout, type NewCheckout } from '../../db/queries/checkouts.ts';
import type { NewAssignment } from '../../db/queries/insert-placed-checkout.ts';
import { ensureOrganization } from '../../db/queries/organizations.ts';
import type { Contact } from '../../domain/contact.ts';
import type { Placing } from '../../domain/rollout/place.ts';
import type { CountryEvidence } from '../../domain/routing/country.ts';
import { requestHash } from '../canonical-json.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { checkRedirect } from '../redirects.ts';
import { policyInForce } from '../routing/project-rules.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import { checkoutContact } from './checkout-contact.ts';
import type { CheckoutFacts } from './checkout-facts.ts';
import { checkoutOrganization } from './checkout-organization.ts';
import { findCountry, refuseBlocked } from './country-evidence.ts';
import { decideRouting, type Routed } from './decide-routing.ts';
import type { Offer } from './find-offer.ts';
import { weighCheckout } from './weigh-checkout.ts';

export interface CreateCheckoutInput {
  readonly caller: Caller;
  readonly body: CreateCheckoutBody;
  readonly request: Request;
  /** The id it gets. A checkout that has it already is gone on with. */
  readonly checkoutId: string;
  /** Without a key the request itself is the identity, as long as its checkout can be used. */
  readonly hasIdempotencyKey: boolean;
  /** Its `Idempotency-Key` came for the first time: nothing can be there yet. */
  readonly isFirst: boolean;
  readonly preferredProvider: string | null;
  /** Read while the key was claimed; a repeat does not need them, nor hear why they could not be read. */
  readonly facts: Promise<CheckoutFacts>;
}

/**
 * Checks a wish, decides who serves it, and writes it down as `creating`. Calls no provider and no workflow.
 *
 * @returns the row; for a repeat, the first one's.
 * @throws {BillingError} every refusal of the contract's §3
 */
export async function createCheckout(em: Db, deps: ApiDeps, input: CreateCheckoutInput): Promise<Checkout> {
  const { body, caller } = input;
  const organizationId = checkoutOrganization(caller, body);
  const fingerprint = input.hasIdempotencyKey
    ? null
    : requestHash(caller.keyId, caller.actor, organizationId, input.preferredProvider, body);
  const known = input.isFirst ? null : await findRepeated(em, input, fingerprint);
  if (known) return known;
  const made = await makeCheckout(em, deps, input, organizationId, fingerprint);
  const row = made ?? (await findRepeated(em, input, fingerprint));
  if (row) return row;
  // The twin was settled between the two statements: a repeat makes a new one.
  throw refusal('unavailable', 'The same request was just finished. Repeat it.', { retryAfterMs: 1_000 });
}

/** A rollout may move between a decision and its row; every further draft is made from what holds then. */
const mostDrafts = 4;

/** @returns null: the same request is there already. */
async function makeCheckout(
  em: Db,
  deps: ApiDeps,
  input: CreateCheckoutInput,
  organizationId: string,
  fingerprint: string | null,
): Promise<Checkout | null> {
  for (let drafts = 0; drafts < mostDrafts; drafts += 1) {
    if (drafts > 0) await deps.rules.reload(input.caller);
    const { checkout, routed, placings } = await draftCheckout(em, deps, input, organizationId, fingerprint);
    const made = await insertCheckout(em, {
      ...{ checkout, routedTo: routed.provider, asked: routed.asked, actor: input.caller.actor },
      assignment: newAssignment(checkout, placings),
    });
    if (made !== 'undecided') return made;
  }
  throw refusal('unavailable', 'The rollout that decides about it is moving. Repeat it.', { retryAfterMs: 1_000 });
}

/** null: the decision rests on none that is not written yet. */
function newAssignment(
  { id, organizationId, projectId, live, routing }: NewCheckout,
  placings: readonly Placing[],
): NewAssignment | null {
  const { rollout: placed, bucket } = routing;
  if (!placed?.assigns || placed.arm === null) return null;
  const rollout = placings.find((each) => each.rollout.id === placed.id)?.rollout;
  const drawnFrom = rollout?.stages[placed.stage];
  if (drawnFrom === undefined) return null;
  const { id: rolloutId, arm, stage } = { ...placed, arm: placed.arm };
  return { rolloutId, organizationId, arm, bucket, stage, checkoutId: id, projectId, live, drawnFrom };
}

async function findRepeated(
  em: Db,
  { caller, checkoutId }: CreateCheckoutInput,
  fingerprint: string | null,
): Promise<Checkout | null> {
  return fingerprint === null ? findCheckout(em, caller, checkoutId) : findSameRequest(em, caller, fingerprint);
}

async function draftCheckout(
  em: Db,
  deps: ApiDeps,
  input: CreateCheckoutInput,
  organizationId: string,
  requestFingerprint: string | null,
): Promise<{ readonly checkout: NewCheckout; readonly routed: Routed; readonly placings: readonly Placing[] }> {
  const { body, caller, request } = input;
  if (body.payment_method_id !== null)
    throw fieldRefusal('payment_method_not_found', '/payment_method_id', 'No stored payment method has this id.');
  const { product, liveSubscriptions, ...known } = await input.facts;
  const key = { projectId: caller.projectId, live: caller.live, id: organizationId };
  const organization = known.organization ?? (await ensureOrganization(em.fork(), key));
  const evidence = await findCountry(deps, { request, body, organization });
  await refuseBlocked(em, deps, { caller, organizationId, evidence, body });
  const policy = await policyInForce(deps.rules, caller);
  const { offer, routing, trialDays } = await weighCheckout(em, deps, {
    ...{ caller, body, organization, evidence, product, liveSubscriptions, policy },
    preferredProvider: input.preferredProvider,
  });
  refuseSecond(caller, offer, liveSubscriptions);
  const urls = checkUrls(input);
  const routed = decideRouting(deps, routing);
  const abilities = routed.provider === null ? null : deps.providers.abilities(routed.provider);
  const contact = checkoutContact({ body, organization, defaultPhone: caller.project.defaultPhone, abilities });
  const facts = { organizationId, evidence, offer, routed, contact, urls, trialDays, requestFingerprint };
  return { checkout: toRow(input, facts), routed, placings: routing.placings };
}

/** @throws {BillingError} `already_subscribed`; a publishable key alone is not told to what. */
export function refuseSecond(caller: Caller, offer: Offer | null, live: readonly Subscription[]): void {
  if (offer?.mode !== 'subscription') return;
  const same = live.find((subscription) => subscription.planId === offer.plan.id);
  if (!same) return;
  const maySee = caller.kind === 'secret' || caller.organizations !== null;
  throw refusal('already_subscribed', 'The organization has a live subscription to this plan.', {
    details: maySee ? { subscription_id: same.id } : {},
  });
}

interface Urls {
  readonly successUrl: string;
  readonly cancelUrl: string;
  readonly embedOrigin: string | null;
}

/** @throws {BillingError} `redirect_not_allowed`, `validation_failed` */
function checkUrls({ body, caller, checkoutId }: CreateCheckoutInput): Urls {
  const { project } = caller;
  const rules = { allowedOrigins: project.allowedOrigins, checkoutId };
  const check = (sent: string | null, fallback: string | null, field: string) => {
    if (sent !== null) return checkRedirect(sent, `/${field}`, rules);
    if (fallback !== null) return fallback.replaceAll('{CHECKOUT_ID}', checkoutId);
    throw fieldRefusal('validation_failed', `/${field}`, 'Is required: the project has no default.');
  };
  return {
    successUrl: check(body.success_url, project.defaultSuccessUrl, 'success_url'),
    cancelUrl: check(body.cancel_url, project.defaultCancelUrl, 'cancel_url'),
    embedOrigin: body.embed_origin && new URL(checkRedirect(body.embed_origin, '/embed_origin', rules)).origin,
  };
}

function toRow(
  { body, caller, checkoutId }: CreateCheckoutInput,
  facts: {
    readonly organizationId: string;
    readonly evidence: CountryEvidence;
    readonly offer: Offer | null;
    readonly routed: Routed;
    readonly contact: Contact;
    readonly urls: Urls;
    readonly trialDays: number | null;
    readonly requestFingerprint: string | null;
  },
): NewCheckout {
  const { evidence, offer, routed, urls } = facts;
  return {
    id: checkoutId,
    projectId: caller.projectId,
    live: caller.live,
    organizationId: facts.organizationId,
    userId: caller.userId ?? body.user_id,
    planId: offer?.plan.id ?? null,
    priceId: offer?.priceId ?? null,
    mode: offer?.mode ?? 'setup',
    status: 'creating',
    billingInterval: offer?.billingInterval ?? null,
    quantity: body.quantity,
    amountMinor: offer?.amount.amountMinor ?? null,
    currency: offer?.amount.currency ?? null,
    country: evidence.country,
    countrySource: evidence.source,
    ...facts.contact,
    billingAddress: body.billing_address,
    wishedPaymentMethods: body.payment_methods,
    paymentMethods: [...routed.paymentMethods],
    ...urls,
    voucherExpiresAt: body.voucher_expires_at === null ? null : new Date(body.voucher_expires_at),
    discountCode: body.discount_code,
    trialDays: facts.trialDays,
    locale: body.locale,
    metadata: body.metadata,
    routing: routed.decision,
    // Nothing is to be paid: the page to go to is the one after paying.
    checkoutUrl: routed.provider === null ? urls.successUrl : null,
    requestFingerprint: facts.requestFingerprint,
  };
}
