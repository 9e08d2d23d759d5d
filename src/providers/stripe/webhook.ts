import { createHmac, timingSafeEqual } from 'node:crypto';
import { webhookMalformed } from '../failures.ts';
import { DECISIVE, USAGE_REFUSED } from './event-table.ts';
import { jsonOf } from '../json-api.ts';
import {
  ourSubscription,
  refusedUsage,
  type ProviderObjectRef,
  type ProviderWebhook,
  type WebhookFact,
} from '../port.ts';
import { stripeEvent, stripeThinEvent, type StripeEventObject } from './wire-event.ts';
import { idOf } from './wire.ts';

const TOLERANCE_S = 300;

/** What of a subscription matters to us when `updated` names it as changed. */
const TELLING = new Set([
  'status',
  'items',
  'cancel_at',
  'cancel_at_period_end',
  'pause_collection',
  'trial_end',
  'quantity',
]);

/**
 * `t=…,v1=…` over `t.body`, keyed with the whole `whsec_…` text. Only old timestamps fail, as in Stripe's own
 * libraries; `v0` is a decoy for tests.
 */
export const stripeWebhook: ProviderWebhook = {
  verify({ rawBody, headers, secrets, nowMs }) {
    const parts = (headers['stripe-signature'] ?? '').split(',').map((part) => part.trim());
    const timestamp = parts.find((part) => part.startsWith('t='))?.slice(2);
    const signatures = parts.filter((part) => part.startsWith('v1=')).map((part) => Buffer.from(part.slice(3), 'hex'));
    if (!timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
    if (Math.floor(nowMs / 1000) - Number(timestamp) > TOLERANCE_S) return false;
    return secrets.some((secret) => {
      const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest();
      return signatures.some((given) => given.length === expected.length && timingSafeEqual(given, expected));
    });
  },
  parse({ rawBody }) {
    const body = jsonOf(rawBody.toString('utf8'));
    const thin = stripeThinEvent.safeParse(body).data;
    if (thin) return thinFact(thin);
    const event = stripeEvent.safeParse(body).data;
    if (!event) throw webhookMalformed('Stripe');
    const { object, previous_attributes: previous } = event.data;
    return {
      eventId: event.id,
      type: event.type,
      live: event.livemode,
      objectKind: object.object,
      objectId: object.id ?? event.id,
      checkoutId: checkoutIdOf(object),
      related: relatedOf(object),
      isDecisive: DECISIVE.has(event.type) && !isRepeated(event.type, object, previous ?? {}),
    };
  },
};

/**
 * Thin events carry no object; what they name is read anyway. Those of refused usage are read themselves: their data has
 * the events.
 */
function thinFact(thin: {
  readonly id: string;
  readonly type: string;
  readonly livemode: boolean;
  readonly related_object?: { readonly id: string; readonly type: string } | null | undefined;
}): WebhookFact {
  const type = thin.type.replace(/^v1\./, '');
  const about = thin.related_object ?? null;
  const told = { eventId: thin.id, type: thin.type, live: thin.livemode, checkoutId: null };
  if (USAGE_REFUSED.has(type)) {
    const related = about === null ? [] : [{ kind: about.type, id: about.id }];
    return { ...told, objectKind: refusedUsage, objectId: thin.id, related, isDecisive: true };
  }
  return {
    ...told,
    objectKind: about?.type ?? 'unknown',
    objectId: about?.id ?? thin.id,
    related: [],
    isDecisive: DECISIVE.has(type) && about !== null,
  };
}

/**
 * First payments of hosted checkouts are told by their session (subscriptions begun without one have none), renewals by
 * their invoice; an update that only moved pointers tells nothing.
 */
function isRepeated(type: string, object: StripeEventObject, previous: Readonly<Record<string, unknown>>): boolean {
  const hasSession = checkoutIdOf(object) !== null;
  switch (type) {
    case 'invoice.paid':
    case 'invoice.payment_failed':
    case 'invoice.payment_action_required':
      return object.billing_reason === 'subscription_create' && hasSession;
    case 'customer.subscription.updated':
      return (previous.status === 'incomplete' && hasSession) || !Object.keys(previous).some((key) => TELLING.has(key));
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled':
      return object.metadata?.business_id === undefined;
    case 'setup_intent.succeeded':
    case 'setup_intent.setup_failed':
      return object.metadata?.checkout_id !== undefined;
    case 'refund.updated':
      return !('status' in previous);
    default:
      return false;
  }
}

export function checkoutIdOf(object: StripeEventObject): string | null {
  return object.metadata?.checkout_id ?? object.parent?.subscription_details?.metadata?.checkout_id ?? null;
}

export function relatedOf(object: StripeEventObject): readonly ProviderObjectRef[] {
  const details = object.parent?.subscription_details;
  const subscription = idOf(object.subscription) ?? idOf(details?.subscription);
  const refs: readonly (readonly [string, string | null])[] = [
    ['charge', idOf(object.charge)],
    ['payment_intent', idOf(object.payment_intent)],
    ['subscription', subscription],
    ['invoice', idOf(object.invoice)],
    ['customer', idOf(object.customer)],
    [ourSubscription, object.metadata?.subscription_id ?? details?.metadata?.subscription_id ?? null],
  ];
  return refs.flatMap(([kind, id]) => (id === null ? [] : [{ kind, id }]));
}
