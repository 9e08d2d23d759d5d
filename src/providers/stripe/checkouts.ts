import { BillingError } from '../../domain/errors.ts';
import { asUnknown, discountCodeUnknown, OutcomeUnknownError } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { CreateCheckoutInput, CreateCheckoutResult, ProviderClient } from '../port.ts';
import { isoFromUnix, unixFromIso } from '../wire-time.ts';
import { fromStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { createOwnCustomer, ensureCustomer } from './customers.ts';
import { detailOf, isStripeCode } from './errors.ts';
import { checkoutState, mapCheckout } from './map.ts';
import { offeredMethods } from './methods.ts';
import { sessionParams } from './session-params.ts';
import { idOf, listOf, stripeId, stripeSession, type StripeSession } from './wire.ts';

type Checkouts = ProviderClient['checkouts'];

export interface CheckoutSettings {
  readonly automaticTax: boolean;
}

/** Four levels deep at most; a subscription's intent lies deeper, so its method comes from the subscription. */
const EXPAND = ['payment_intent.latest_charge', 'subscription.default_payment_method', 'invoice.payments'];
const MAX_PAGES = 10;

/** @param settings.automaticTax Whether Stripe Tax computes what is due, which must be set up in the account first. */
export function createStripeCheckouts(
  api: StripeApi,
  settings: CheckoutSettings,
): Checkouts & Required<Pick<Checkouts, 'find' | 'end'>> {
  return {
    create: (input) => open(api, input, settings).catch(asUnknown),
    async get(id) {
      const session = await readSession(api, id);
      return session && mapCheckout(session);
    },
    find: (query) => findSessions(api, query),
    async end({ providerCheckoutId }) {
      try {
        await api.call({
          operation: 'checkouts.end',
          reply: stripeSession,
          budget: api.budget(),
          send: (stripe, options) => stripe.checkout.sessions.expire(providerCheckoutId, {}, options),
        });
        return 'ended';
      } catch (error) {
        if (!(error instanceof BillingError) || error.kind !== 'invalid') throw error;
        // Only an open session can be expired; what it is instead decides.
        const session = await readSession(api, providerCheckoutId);
        if (!session) return 'not_endable';
        const state = checkoutState(session);
        if (state === 'expired') return 'ended';
        return state === 'paid' || state === 'pending' ? 'already_settled' : 'not_endable';
      }
    },
  };
}

async function open(
  api: StripeApi,
  input: CreateCheckoutInput,
  { automaticTax }: CheckoutSettings,
): Promise<CreateCheckoutResult> {
  const budget = api.budget();
  const scope = { projectId: input.metadata.project_id ?? '', idempotencyKey: input.idempotencyKey };
  const promotionCodeId = input.discountCode === null ? null : await promotionCodeOf(api, input.discountCode, budget);
  const send = async (customerId: string, key: string): Promise<CreateCheckoutResult> => {
    const params = sessionParams(input, { customerId, promotionCodeId, automaticTax });
    const session = await api.call({
      operation: 'checkouts.create',
      reply: stripeSession,
      budget,
      key,
      // Nobody has its address: a page that may exist beside this one is looked for by who lost the answer.
      isRepeatable: true,
      send: (stripe, options) => stripe.checkout.sessions.create(params, options),
    });
    return opened(input, session, customerId);
  };
  const customerId = await ensureCustomer(api, input.customer, scope, budget);
  try {
    return await send(customerId, `${input.idempotencyKey}:session`);
  } catch (error) {
    const isGone = isStripeCode(error, 'resource_missing') && detailOf(error, 'param') === 'customer';
    if (!isGone || input.customer.providerCustomerId !== null) throw error;
    // Erased within a day of being made: the organization's key still replays the old customer.
    const replacement = await createOwnCustomer(api, input.customer, scope, budget);
    return send(replacement, `${input.idempotencyKey}:session:2`);
  }
}

function opened(input: CreateCheckoutInput, session: StripeSession, customerId: string): CreateCheckoutResult {
  const { amount_total: amount, currency } = session;
  const expiresAt = isoFromUnix(session.expires_at);
  if (session.url == null || expiresAt === null) {
    throw new OutcomeUnknownError('api_error', { provider: 'stripe', status: 200, providerCode: 'url_missing' });
  }
  return {
    outcome: 'opened',
    providerCheckoutId: session.id,
    url: session.url,
    expiresAt,
    providerCustomerId: idOf(session.customer) ?? customerId,
    paymentMethods: offeredMethods(session.payment_method_types ?? [], input.paymentMethods),
    amount: input.mode === 'setup' || amount == null || currency == null ? null : fromStripeAmount(amount, currency),
    objects: mapCheckout(session).objects,
  };
}

async function readSession(api: StripeApi, id: string): Promise<StripeSession | null> {
  return api.find({
    operation: 'checkouts.get',
    reply: stripeSession,
    budget: api.budget(),
    send: (stripe, options) => stripe.checkout.sessions.retrieve(id, { expand: EXPAND }, options),
  });
}

/** By time, since a customer made by the lost call may be unknown and search lags. */
async function findSessions(
  api: StripeApi,
  query: { readonly checkoutId: string; readonly createdAfter: string },
): Promise<readonly { readonly providerCheckoutId: string }[]> {
  const budget = api.budget();
  const created = { gte: unixFromIso(query.createdAfter) };
  const found: { providerCheckoutId: string }[] = [];
  let after: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const startingAfter = after === undefined ? {} : { starting_after: after };
    const { data, has_more }: { data: StripeSession[]; has_more: boolean } = await api.call({
      operation: 'checkouts.list',
      reply: listOf(stripeSession),
      budget,
      send: (stripe, options) => stripe.checkout.sessions.list({ created, limit: 100, ...startingAfter }, options),
    });
    const own = data.filter((session) => session.client_reference_id === query.checkoutId);
    found.push(...own.map((session) => ({ providerCheckoutId: session.id })));
    after = data.at(-1)?.id;
    if (!has_more || after === undefined) return found;
  }
  return found;
}

async function promotionCodeOf(api: StripeApi, code: string, budget: Budget): Promise<string> {
  const page = await api.call({
    operation: 'promotion_codes.list',
    reply: listOf(stripeId),
    budget,
    send: (stripe, options) => stripe.promotionCodes.list({ code, active: true, limit: 1 }, options),
  });
  const found = page.data[0];
  if (found) return found.id;
  throw discountCodeUnknown('stripe');
}
