import { verify } from 'node:crypto';
import { webhookMalformed } from '../failures.ts';
import { jsonOf } from '../json-api.ts';
import type { ProviderObjectRef, ProviderWebhook, WebhookFact } from '../port.ts';
import { disputeId } from './map-order.ts';
import { conektaEvent, type ConektaEvent } from './wire.ts';

type EventObject = ConektaEvent['data']['object'];

/**
 * State changes of what we sold. The rest of `charge.*` and `order.updated` repeat them, `charge.created` even wrongly;
 * of the charges only chargebacks tell something new.
 */
const DECISIVE = new Set([
  'order.paid',
  'order.pending_payment',
  'order.expired',
  'order.canceled',
  'order.refunded',
  'order.partially_refunded',
  'order.charged_back',
  'subscription.paid',
  'subscription.payment_failed',
  'subscription.paused',
  'subscription.resumed',
  'subscription.canceled',
  'subscription.expired',
  'charge.chargeback.created',
  'charge.chargeback.updated',
  'charge.chargeback.under_review',
  'charge.chargeback.lost',
  'charge.chargeback.won',
]);

/** What an endpoint of ours subscribes to: the decisive ones and those worth a note. */
export const UNDERSTOOD: readonly string[] = [
  ...DECISIVE,
  'order.created',
  'order.declined',
  'order.voided',
  'subscription.created',
  'subscription.updated',
];

/**
 * RSA-SHA256 over the raw body in `DIGEST`; the secrets are public keys (PEM). There is no timestamp: a replay
 * verifies for ever, so the event id must be remembered and the truth read afresh.
 */
export const conektaWebhook: ProviderWebhook = {
  verify({ rawBody, headers, secrets }) {
    const digest = headers.digest;
    if (!digest) return false;
    const signature = Buffer.from(digest, 'base64');
    return secrets.some((pem) => isSigned(rawBody, pem, signature));
  },
  parse({ rawBody }) {
    const event = conektaEvent.safeParse(jsonOf(rawBody.toString('utf8'))).data;
    if (!event) throw webhookMalformed('Conekta');
    return factOf(event);
  },
};

export function factOf(event: ConektaEvent): WebhookFact {
  const { type } = event;
  const object = event.data.object;
  const checkoutId = object?.metadata?.checkout_id;
  return {
    eventId: event.id,
    type,
    live: event.livemode ?? null,
    ...(disputeOf(type, object) ?? { objectKind: type.split('.')[0] ?? 'unknown', objectId: object?.id ?? event.id }),
    checkoutId: typeof checkoutId === 'string' ? checkoutId : null,
    related: relatedOf(object ?? { id: null }),
    isDecisive: DECISIVE.has(type) && !isRenewalOrder(type, object),
  };
}

/** The body of these events is undocumented: a charge with its chargeback, or the chargeback alone. */
function disputeOf(type: string, object: EventObject): { objectKind: string; objectId: string } | null {
  if (!type.startsWith('charge.chargeback.') || !object) return null;
  const id = object.chargeback?.id ?? (object.object === 'chargeback' ? object.id : null);
  return id != null && object.order_id != null
    ? { objectKind: 'dispute', objectId: disputeId(object.order_id, id) }
    : { objectKind: 'charge', objectId: object.charge_id ?? object.id ?? '' };
}

function isSigned(rawBody: Buffer, pem: string, signature: Buffer): boolean {
  try {
    return verify('RSA-SHA256', rawBody, pem, signature);
  } catch {
    return false; // not a key at all
  }
}

/** Every cycle of a subscription makes an order of its own, without checkout or metadata: `subscription.paid` tells of it. */
function isRenewalOrder(type: string, object: EventObject): boolean {
  return type === 'order.paid' && object?.checkout == null && object?.metadata?.checkout_id === undefined;
}

function relatedOf(object: NonNullable<EventObject>): readonly ProviderObjectRef[] {
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['order', object.order_id],
    ['order', object.last_billing_cycle_order_id],
    ['charge', object.charge_id ?? (object.object === 'charge' ? object.id : null)],
    ['checkout', object.checkout?.id],
    ['customer', object.customer_id ?? object.customer_info?.customer_id],
  ];
  return refs.flatMap(([kind, id]) => (id == null || id === '' ? [] : [{ kind, id }]));
}
