import { createHmac, timingSafeEqual } from 'node:crypto';
import { webhookMalformed } from '../failures.ts';
import { jsonOf } from '../json-api.ts';
import type { ProviderObjectRef, ProviderWebhook } from '../port.ts';
import { fungiesEvent } from './wire.ts';
import type { z } from 'zod';

type FungiesEvent = z.output<typeof fungiesEvent>;

const PREFIX = 'sha256_';

/**
 * `subscription_created` (often `PENDING`) and `subscription_interval` repeat a `payment_success`; the first is told
 * only where there is no payment to hear of (a trial). Types of other spellings in the docs do not exist.
 */
const DECISIVE = new Set([
  'payment_success',
  'payment_failed',
  'payment_refunded',
  'subscription_updated',
  'subscription_cancelled',
]);

/**
 * `x-fngs-signature: sha256_` and the hex HMAC-SHA256 of the raw bytes. Nothing dates a message, so a capture verifies
 * for ever: its key must be remembered for ever, and the truth read afresh.
 */
export const fungiesWebhook: ProviderWebhook = {
  verify({ rawBody, headers, secrets }) {
    const header = headers['x-fngs-signature'];
    if (!header?.startsWith(PREFIX)) return false;
    const given = Buffer.from(header.slice(PREFIX.length));
    return secrets.some((secret) => {
      const expected = Buffer.from(createHmac('sha256', secret).update(rawBody).digest('hex'));
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
  },
  parse({ rawBody }) {
    const event = fungiesEvent.safeParse(jsonOf(rawBody.toString('utf8'))).data;
    if (!event) throw webhookMalformed('Fungies');
    const { data, type } = event;
    const object = objectOf(event);
    return {
      eventId: event.idempotencyKey ?? event.id,
      type,
      live: event.testMode == null ? null : !event.testMode,
      objectKind: object.kind,
      objectId: object.id,
      checkoutId: checkoutIdOf(data),
      related: relatedOf(data).filter(({ kind, id }) => kind !== object.kind || id !== object.id),
      isDecisive: DECISIVE.has(type) || (type === 'subscription_created' && data.subscription?.status === 'trialing'),
    };
  },
};

function objectOf(event: FungiesEvent): ProviderObjectRef {
  const { payment, subscription } = event.data;
  if (event.type.startsWith('payment_') && payment) return { kind: 'payment', id: payment.id };
  if (subscription) return { kind: 'subscription', id: subscription.id };
  return payment ? { kind: 'payment', id: payment.id } : { kind: event.type.split('_')[0] ?? 'unknown', id: event.id };
}

function checkoutIdOf(data: FungiesEvent['data']): string | null {
  for (const item of data.items ?? []) {
    const id = item.customFields?.checkout_id;
    if (typeof id === 'string' && id !== '') return id;
  }
  return null;
}

function relatedOf(data: FungiesEvent['data']): readonly ProviderObjectRef[] {
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['subscription', data.subscription?.id ?? data.payment?.subscriptionId],
    ['payment', data.payment?.id ?? data.lastPayment?.id],
    ['order', data.order?.id ?? data.payment?.orderId ?? data.subscription?.orderId],
    // The oldest messages have only `customer`.
    ['customer', data.user?.id ?? data.customer?.id],
  ];
  return refs.flatMap(([kind, id]) => (id == null || id === '' ? [] : [{ kind, id }]));
}
