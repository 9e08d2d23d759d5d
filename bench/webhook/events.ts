import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Delivery } from '../clients/sandbox.ts';
import type { Target } from '../stack/target.ts';

/** One payment's webhooks as the sandbox sent them, to be told again of other checkouts. */
export interface Sequence {
  readonly provider: string;
  readonly checkoutId: string;
  readonly providerCheckoutId: string;
  readonly messages: readonly { readonly type: string; readonly body: string }[];
}

export interface StormEvent {
  readonly provider: string;
  readonly eventId: string;
  readonly body: string;
}

const providerId =
  /\b(?:evt|pi|ch|cs_test|cs|in|py|pm|txn|il|li|re|ii)_[A-Za-z0-9_]{8,}|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** The sequence of one paid checkout, from the deliveries of the time in which nothing else was paid there. */
export function sequenceOf(
  deliveries: readonly Delivery[],
  paid: { readonly provider: string; readonly checkoutId: string; readonly providerCheckoutId: string },
): Sequence {
  const messages = deliveries
    .filter(({ provider }) => provider === paid.provider)
    .map(({ event_type: type, body }) => ({ type, body }));
  if (messages.length === 0) throw new Error(`${paid.provider} sent no webhook for ${paid.checkoutId}`);
  return { ...paid, messages };
}

/**
 * Tells one message of a sequence about another checkout. Every id of the original becomes one of the same form that
 * depends on `about.salt`, so that a sequence stays consistent and two never meet; the page's own id only where none is
 * given for it.
 */
export function retell(
  sequence: Sequence,
  message: Sequence['messages'][number],
  about: { readonly checkoutId: string; readonly providerCheckoutId: string | null; readonly salt: string },
): StormEvent {
  const body = message.body
    .replaceAll(sequence.checkoutId, about.checkoutId)
    .replaceAll(providerId, (id) =>
      id === sequence.providerCheckoutId && about.providerCheckoutId !== null
        ? about.providerCheckoutId
        : disguised(id, about.salt),
    );
  const inBody: unknown = (JSON.parse(body) as { id?: unknown }).id;
  const eventId = typeof inBody === 'string' && inBody.startsWith('evt_') ? inBody : randomUUID();
  return { provider: sequence.provider, eventId, body };
}

function disguised(id: string, salt: string): string {
  const hex = createHash('sha256').update(salt).update(id).digest('hex');
  if (!id.includes('_')) return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  const prefix = id.slice(0, id.lastIndexOf('_') + 1);
  return `${prefix}${hex.slice(0, Math.max(16, Math.min(64, id.length - prefix.length)))}`;
}

/** The headers with which the provider would send it now. */
export function signedHeaders(target: Target, event: StormEvent): Readonly<Record<string, string>> {
  const secret = target.providers[event.provider]?.['webhook_secret'];
  if (typeof secret !== 'string') throw new Error(`dev.json has no webhook_secret of ${event.provider}`);
  const seconds = Math.floor(Date.now() / 1_000);
  const json = { 'content-type': 'application/json' };
  switch (event.provider) {
    case 'stripe':
      return {
        ...json,
        'stripe-signature': `t=${seconds},v1=${hmac(secret, `${seconds}.${event.body}`).toString('hex')}`,
      };
    case 'polar': {
      const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
      const signature = hmac(key, `${event.eventId}.${seconds}.${event.body}`).toString('base64');
      return {
        ...json,
        'webhook-id': event.eventId,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${signature}`,
      };
    }
    default:
      throw new Error(`this bench does not sign as ${event.provider}`);
  }
}

export function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
