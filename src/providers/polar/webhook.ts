import { createHmac, timingSafeEqual } from 'node:crypto';
import { webhookMalformed } from '../failures.ts';
import { jsonOf } from '../json-api.ts';
import type { ProviderObjectRef, ProviderWebhook, WebhookFact, WebhookInput } from '../port.ts';
import { isDecisiveType } from './webhook-events.ts';
import { polarEvent } from './wire.ts';

const TOLERANCE_S = 300;

/** Standard Webhooks headers, with two rules for the key by the secret's age: see README. */
export const polarWebhook: ProviderWebhook = {
  verify({ rawBody, headers, secrets, nowMs }) {
    const id = headers['webhook-id'];
    const timestamp = headers['webhook-timestamp'];
    const signatures = signaturesOf(headers['webhook-signature']);
    if (!id || !timestamp || !/^\d{1,12}$/.test(timestamp) || signatures.length === 0) return false;
    if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_S) return false;
    return secrets.flatMap(keysOf).some((key) => {
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest();
      return signatures.some((given) => given.length === expected.length && timingSafeEqual(given, expected));
    });
  },
  parse: (input) => parsed(input),
};

function signaturesOf(header: string | undefined): readonly Buffer[] {
  return (header ?? '')
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'));
}

/** Secrets made since 2026-09-08 are Standard Webhooks (base64 after the prefix); older ones sign with their whole text. */
function keysOf(secret: string): readonly Buffer[] {
  const whole = Buffer.from(secret, 'utf8');
  return secret.startsWith('whsec_') ? [Buffer.from(secret.slice('whsec_'.length), 'base64'), whole] : [whole];
}

function parsed({ rawBody, headers }: WebhookInput): WebhookFact {
  const event = polarEvent.safeParse(jsonOf(rawBody.toString('utf8'))).data;
  const eventId = headers['webhook-id'];
  if (!event || !eventId) throw webhookMalformed('Polar');
  const { type, data } = event;
  const objectKind = type.split('.')[0] ?? 'unknown';
  const checkoutId = data.metadata.checkout_id;
  const isFreeOrder = type === 'order.created' && data.paid === true && data.total_amount === 0;
  return {
    eventId,
    type,
    live: null,
    objectKind,
    objectId: data.id,
    checkoutId: typeof checkoutId === 'string' ? checkoutId : null,
    related: relatedOf(data),
    // One report says that orders of 0 come as created and paid at once, without `order.paid`.
    isDecisive: isDecisiveType(type) || isFreeOrder,
  };
}

function relatedOf(data: {
  readonly checkout_id?: string | null | undefined;
  readonly order_id?: string | null | undefined;
  readonly subscription_id?: string | null | undefined;
  readonly customer_id?: string | null | undefined;
}): readonly ProviderObjectRef[] {
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['order', data.order_id],
    ['checkout', data.checkout_id],
    ['subscription', data.subscription_id],
    ['customer', data.customer_id],
  ];
  return refs.flatMap(([kind, id]) => (id == null ? [] : [{ kind, id }]));
}
