import type { StripeContext } from './context.ts';
import { invalid } from './errors.ts';
import { sessionLineItems } from './session-object.ts';

type Node = Record<string, unknown>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Resolves an id to the object it names. */
function lookUp(stripe: StripeContext, id: string, field: string): object | undefined {
  // Whoever creates these may choose their ids.
  if (field === 'product') return stripe.products.get(id);
  if (field === 'coupon') return stripe.coupons.get(id);
  if (id.startsWith('sub_sched_')) return stripe.schedules.get(id);
  if (id.startsWith('cs_')) return stripe.sessions.get(id)?.session;
  const byPrefix: Record<string, { get(id: string): object | undefined }> = {
    cus: stripe.customers,
    prod: stripe.products,
    price: stripe.prices,
    pm: stripe.paymentMethods,
    pi: stripe.paymentIntents,
    ch: stripe.charges,
    py: stripe.charges,
    seti: stripe.setupIntents,
    sub: stripe.subscriptions,
    in: stripe.invoices,
    promo: stripe.promotionCodes,
    re: stripe.refunds,
    di: stripe.discounts,
    du: stripe.disputes,
    ii: stripe.invoiceItems,
    bpc: stripe.portalConfigurations,
    mtr: stripe.meters,
  };
  return byPrefix[id.slice(0, id.indexOf('_'))]?.get(id);
}

/** Fields that exist only when asked for. */
function onDemand(stripe: StripeContext, node: Node, field: string): unknown {
  const id = String(node['id']);
  if (node['object'] === 'invoice' && field === 'payments') {
    const data = structuredClone(stripe.invoicePayments.findBy('invoice', id));
    return { object: 'list', data, has_more: false, url: `/v1/invoices/${id}/payments` };
  }
  if (node['object'] === 'invoice' && field === 'confirmation_secret') {
    const payment = stripe.invoicePayments.findBy('invoice', id)[0];
    const intent = payment && stripe.paymentIntents.get(payment.payment.payment_intent);
    return intent ? { type: 'payment_intent', client_secret: intent['client_secret'] } : null;
  }
  if (node['object'] === 'checkout.session' && field === 'line_items') {
    const stored = stripe.sessions.get(id);
    return stored && sessionLineItems(stored, undefined);
  }
  if (node['object'] === 'customer' && field === 'subscriptions') {
    const data = structuredClone(stripe.subscriptions.findBy('customer', id));
    return { object: 'list', data, has_more: false, url: `/v1/customers/${id}/subscriptions` };
  }
  if (node['object'] === 'charge' && field === 'refunds') {
    const data = structuredClone(stripe.refunds.findBy('charge', id));
    return { object: 'list', data, has_more: false, url: `/v1/charges/${id}/refunds` };
  }
  return undefined;
}

function expandAt(stripe: StripeContext, node: unknown, path: readonly string[]): boolean {
  const [field, ...rest] = path;
  if (field === undefined) return true;
  if (Array.isArray(node)) return node.every((item) => expandAt(stripe, item, path));
  if (!isNode(node)) return true;
  const value = node[field];
  if (typeof value === 'string') {
    const found = lookUp(stripe, value, field);
    if (!found) return rest.length === 0;
    node[field] = structuredClone(found);
  } else if (value === undefined) {
    const made = onDemand(stripe, node, field);
    if (made === undefined) return false;
    node[field] = made;
  } else if (Array.isArray(value)) {
    node[field] = value.map(
      (item) => (typeof item === 'string' ? (lookUp(stripe, item, field) ?? item) : item) as unknown,
    );
  }
  return expandAt(stripe, node[field], rest);
}

/** A copy of the object with every dotted path of `expand[]` filled in. */
export function expanded(stripe: StripeContext, object: object, paths: readonly string[] | undefined): object {
  if (!paths || paths.length === 0) return object;
  const copy = structuredClone(object);
  for (const path of paths) {
    if (!expandAt(stripe, copy, path.split('.'))) {
      throw invalid(`This property cannot be expanded (${path}).`, { param: 'expand' });
    }
  }
  return copy;
}
