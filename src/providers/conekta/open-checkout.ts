import { BillingError } from '../../domain/errors.ts';
import { times } from '../../domain/money.ts';
import { OutcomeUnknownError } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { CheckoutLine, CreateCheckoutInput, CreateCheckoutResult } from '../port.ts';
import { isoFromUnix, unixFromIso } from '../wire-time.ts';
import { contactOf, ensureCustomer } from './customers.ts';
import { assertChargeable } from './limits.ts';
import { offeredMethods, wireMethods } from './methods.ts';
import { conektaOrder, type ConektaOrder } from './wire.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * Opens an order with a hosted checkout. A one-time buyer stays inline (one call); a subscriber must be a customer.
 * Conekta has no idempotency keys: a repeat makes another order, which nobody has the URL of.
 */
export async function openCheckout(api: JsonApi, input: CreateCheckoutInput): Promise<CreateCheckoutResult> {
  const { line } = input;
  if (!line || line.unitAmount.currency !== 'MXN') throw unsupported('Conekta sells lines in MXN only.');
  const methods = wireMethods(input.mode, input.paymentMethods);
  // With other methods on the page the buyer still has a way to pay.
  if (methods.length === 1 && methods[0] === 'card') assertChargeable(times(line.unitAmount, line.quantity), 'card');
  const planId = input.mode === 'subscription' ? planOf(line) : null;
  const budget = api.budget();
  const customerId =
    input.customer.providerCustomerId ??
    (planId === null ? null : (await ensureCustomer(api, input.customer, budget)).providerCustomerId);
  const order = await api.call({
    operation: 'checkouts.create',
    method: 'POST',
    path: '/orders',
    body: bodyOf(input, line, { planId, customerId }),
    reply: conektaOrder,
    budget,
  });
  return opened(input, line, order, customerId);
}

function bodyOf(
  input: CreateCheckoutInput,
  line: CheckoutLine,
  found: { readonly planId: string | null; readonly customerId: string | null },
): Record<string, unknown> {
  const expiresAt = expiryOf(input);
  return {
    currency: 'MXN',
    customer_info: found.customerId === null ? contactOf(input.customer) : { customer_id: found.customerId },
    line_items: [
      {
        name: line.name.slice(0, 250),
        ...(line.description === null ? {} : { description: line.description.slice(0, 250) }),
        unit_price: line.unitAmount.amountMinor,
        quantity: line.quantity,
      },
    ],
    // The order carries no trace of its plan later, and subscriptions have no metadata.
    metadata: { ...input.metadata, ...(found.planId === null ? {} : { conekta_plan_id: found.planId }) },
    checkout: {
      type: 'HostedPayment',
      allowed_payment_methods: wireMethods(input.mode, input.paymentMethods),
      success_url: input.successUrl,
      failure_url: input.cancelUrl,
      ...(expiresAt === null ? {} : { expires_at: expiresAt }),
      ...(found.planId === null ? {} : { plan_ids: [found.planId] }),
    },
  };
}

/**
 * One expiry for session and voucher (the charge inherits it), in Unix seconds. Unasked, Conekta's own is what we want:
 * 3 days, to the end of the day in Mexico City. Where only SPEI is offered it is 1 hour.
 */
function expiryOf(input: CreateCheckoutInput): number | null {
  const now = Date.now();
  const methods = wireMethods(input.mode, input.paymentMethods);
  const isSpeiOnly = methods.length === 1 && methods[0] === 'bank_transfer';
  if (input.voucherExpiresAt === null) return isSpeiOnly ? Math.floor((now + HOUR_MS) / 1000) : null;
  // Between 5 minutes and 365 days; a minute of slack for the way there.
  const wished = unixFromIso(input.voucherExpiresAt) * 1000;
  return Math.floor(Math.min(Math.max(wished, now + 6 * MINUTE_MS), now + 364 * 24 * HOUR_MS) / 1000);
}

function opened(
  input: CreateCheckoutInput,
  line: CheckoutLine,
  order: ConektaOrder,
  customerId: string | null,
): CreateCheckoutResult {
  const { checkout } = order;
  const expiresAt = isoFromUnix(checkout?.expires_at);
  if (!checkout?.url || expiresAt === null) {
    throw new OutcomeUnknownError('api_error', { provider: 'conekta', status: 200, providerCode: 'checkout_missing' });
  }
  const allowed = checkout.allowed_payment_methods ?? wireMethods(input.mode, input.paymentMethods);
  const expected = times(line.unitAmount, line.quantity);
  const buyer = order.customer_info?.customer_id ?? customerId;
  return {
    outcome: 'opened',
    providerCheckoutId: order.id,
    url: checkout.url,
    expiresAt,
    providerCustomerId: buyer,
    paymentMethods: offeredMethods(allowed, input.mode === 'subscription' ? ['card'] : input.paymentMethods),
    amount: { amountMinor: order.amount, currency: expected.currency },
    objects: [
      { kind: 'order', id: order.id },
      { kind: 'checkout', id: checkout.id },
      ...(buyer ? [{ kind: 'customer', id: buyer }] : []),
    ],
  };
}

/** @throws {BillingError} `provider_price_missing` (invalid). */
export function planOf(line: CheckoutLine): string {
  const planId = line.providerPrice?.providerPriceId ?? line.providerPrice?.providerProductId;
  if (planId) return planId;
  throw new BillingError({
    code: 'provider_price_missing',
    kind: 'invalid',
    message: 'This price has not been pushed to the provider yet: push the plan first.',
    details: { provider: 'conekta' },
  });
}

function unsupported(message: string): BillingError {
  return new BillingError({ code: 'provider_unsupported', kind: 'invalid', message, details: { provider: 'conekta' } });
}
