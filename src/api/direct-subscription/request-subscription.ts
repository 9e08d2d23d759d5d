import type { Request } from 'express';
import type { Organization } from '../../db/entities/organization.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import {
  findSameDirectRequest,
  insertDirectSubscription,
  type NewDirectSubscription,
} from '../../db/queries/direct-subscriptions.ts';
import { trialOf } from '../../domain/calendar/period.ts';
import { BillingError } from '../../domain/errors.ts';
import { ensureOrganization } from '../../db/queries/organizations.ts';
import { findProduct } from '../../db/queries/plans.ts';
import { findSubscription, listLiveSubscriptions } from '../../db/queries/subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import { requestHash } from '../canonical-json.ts';
import type { Caller } from '../caller.ts';
import { findCountry, refuseBlocked } from '../checkout/country-evidence.ts';
import { quoteOffer, type Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { CreateSubscriptionBody } from '../schemas/direct-subscription.ts';
import { choosePayment, type ChosenPayment } from './choose-payment.ts';

export interface RequestSubscriptionInput {
  readonly caller: Caller;
  readonly body: CreateSubscriptionBody;
  readonly request: Request;
  /** The id it gets. */
  readonly id: string;
  /** Without a key the business identity is the request's: who asks for what, from which payment method. */
  readonly hasIdempotencyKey: boolean;
}

/**
 * Checks a wish to subscribe without a hosted page, decides who collects, and writes it down as `incomplete`. Calls no
 * provider; no workflow is started for it yet.
 *
 * @returns the row; for a repeat, the first one's.
 * @throws {BillingError} `product_not_found`, `price_not_found`, `contact_sales`, `country_blocked`,
 *   `already_subscribed`, `subscription_incomplete`, and those of `choosePayment`
 */
export async function requestSubscription(
  em: Db,
  deps: ApiDeps,
  input: RequestSubscriptionInput,
): Promise<Subscription> {
  const { body, caller, id } = input;
  const fingerprint = input.hasIdempotencyKey ? null : fingerprintOf(caller, body);
  const repeated = () =>
    fingerprint === null
      ? findSubscription(em.fork(), caller, id)
      : findSameDirectRequest(em.fork(), caller, fingerprint);
  const known = await repeated();
  if (known) return known;
  let rival: Subscription | null;
  try {
    const row = await draftSubscription(em, deps, input, fingerprint);
    rival = await insertDirectSubscription(em, row, caller.actor);
  } catch (error) {
    // What stands in the way may be the very same request, which was quicker.
    const twin = error instanceof BillingError ? await repeated() : null;
    if (twin) return twin;
    throw error;
  }
  const made = await repeated();
  if (made) return made;
  if (rival) throw refuseRival(rival);
  // Its twin ended between the two statements.
  throw refusal('unavailable', 'The same request was just finished. Repeat it.', { retryAfterMs: 1_000 });
}

function fingerprintOf(caller: Caller, body: CreateSubscriptionBody): string {
  const { organization_id, plan_id, billing_interval, payment_method_id, collection_method, voucher_method } = body;
  return requestHash(
    ...['subscribe', caller.keyId, caller.actor, organization_id, plan_id, billing_interval],
    ...[payment_method_id, collection_method, voucher_method],
  );
}

async function draftSubscription(
  em: Db,
  deps: ApiDeps,
  input: RequestSubscriptionInput,
  requestFingerprint: string | null,
): Promise<NewDirectSubscription> {
  const { body, caller, id, request } = input;
  const { projectId, live } = caller;
  const organization = await ensureOrganization(em.fork(), { projectId, live, id: body.organization_id });
  const country = await countryOf(em, deps, { caller, body, request, organization });
  const offer = await findOffer(em, deps, caller, body, country);
  const rival = (await listLiveSubscriptions(em.fork(), caller, organization.id)).find(
    ({ planId }) => planId === offer.plan.id,
  );
  if (rival) throw refuseRival(rival);
  const isVoucher = body.collection_method === 'voucher';
  const isFree = offer.amount.amountMinor === 0;
  const trialDays = isVoucher || isFree ? 0 : (body.trial_days ?? offer.plan.trialDays ?? 0);
  const payment = await choosePayment(em, deps, { caller, body, organization, offer, country, trialDays });
  return {
    ...{ id, projectId, live, organizationId: organization.id, userId: caller.userId ?? body.user_id },
    ...{ planId: offer.plan.id, priceId: offer.priceId, billingInterval: body.billing_interval },
    ...{ quantity: body.quantity, country, ...offer.amount, ...payment, ...trialDates(trialDays, payment) },
    ...{ requestFingerprint, metadata: body.metadata },
  };
}

/** Fixed now, so that whoever repeats the provider's call asks for the same day. */
function trialDates(days: number, { collection }: ChosenPayment): Pick<Subscription, 'trialStart' | 'trialEnd'> {
  if (days === 0 || collection !== 'provider') return { trialStart: null, trialEnd: null };
  const { start, end } = trialOf({ startAt: new Date().toISOString(), days });
  return { trialStart: new Date(start), trialEnd: new Date(end) };
}

async function countryOf(
  em: Db,
  deps: ApiDeps,
  input: Pick<RequestSubscriptionInput, 'caller' | 'body' | 'request'> & { readonly organization: Organization },
): Promise<string | null> {
  const { caller, organization, request } = input;
  const body = { billing_address: null, country: input.body.country };
  const evidence = await findCountry(deps, { request, body, organization });
  await refuseBlocked(em, deps, { caller, organizationId: organization.id, evidence, body });
  return evidence.country;
}

async function findOffer(
  em: Db,
  deps: ApiDeps,
  caller: Caller,
  body: CreateSubscriptionBody,
  country: string | null,
): Promise<Offer> {
  const { projectId, live, project } = caller;
  const product = await findProduct(em.fork(), { projectId, live, productId: body.plan_id });
  if (!product?.plan.isActive)
    throw fieldRefusal('product_not_found', '/plan_id', 'No plan on sale here has this id or key.');
  if (product.plan.kind !== 'subscription')
    throw fieldRefusal('product_not_found', '/plan_id', 'This is sold once: start a checkout for it.');
  if (product.prices.length === 0)
    throw fieldRefusal('contact_sales', '/plan_id', 'This plan is sold by contact only.', {
      contact_url: product.plan.contactUrl,
    });
  const countryCurrency = country === null ? null : (deps.policies.countryCurrencies[country] ?? null);
  return quoteOffer(product, body, { countryCurrency, defaultCurrency: project.defaultCurrency });
}

function refuseRival(rival: Subscription) {
  const details = { subscription_id: rival.id };
  if (rival.status === 'incomplete')
    return refusal('subscription_incomplete', 'One to this plan is being begun already.', { details });
  return refusal('already_subscribed', 'The organization has a live subscription to this plan.', { details });
}
