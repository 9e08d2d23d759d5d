import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { checkoutRequest, markets, openCheckout, type Market } from '../clients/billing.ts';
import { inBatches } from '../clients/in-batches.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import type { Target } from '../stack/target.ts';
import { sequenceOf, type Sequence } from './events.ts';
import type { PaidCheckout } from './storm.ts';

/** The providers whose signatures can be made with what dev.json tells; the third signs with a key of its own. */
const signing: readonly Market[] = markets.filter(({ provider }) => provider === 'polar' || provider === 'stripe');
const quietMs = 4_000;

export interface Prepared {
  readonly sequences: readonly Sequence[];
  readonly decisiveTypes: ReadonlySet<string>;
  readonly paid: readonly PaidCheckout[];
}

/**
 * Pays one checkout at each provider to learn what it sends, then opens `count` more and pays them while every webhook
 * is lost: only the storm will tell of those.
 */
export async function prepareStorm(target: Target, database: pg.Client, count: number): Promise<Prepared> {
  const sandbox = createSandboxClient(target);
  const sequences: Sequence[] = [];
  for (const market of signing) {
    const known = new Set((await sandbox.deliveries()).map(({ id }) => id));
    const [checkout] = await openSome(target, database, market, 1);
    if (checkout === undefined) throw new Error('a checkout was asked for');
    await sandbox.complete(market.provider, checkout.checkoutId, 'paid');
    await sleep(quietMs);
    const fresh = (await sandbox.deliveries()).filter(({ id, event_type: type }) => !known.has(id) && type !== '');
    sequences.push(sequenceOf(fresh, checkout));
  }
  const { rows } = await database.query<{ type: string }>(
    `select distinct type from provider_events where status = 'delivered'`,
  );
  const perMarket = Math.ceil(count / signing.length);
  const opened = (await Promise.all(signing.map((market) => openSome(target, database, market, perMarket)))).flat();
  await sandbox.addFault({ provider: null, kind: 'webhook_lost', rate: 1 });
  await inBatches(opened, 4, ({ provider, checkoutId }) => sandbox.complete(provider, checkoutId, 'paid'));
  await sandbox.clearFaults();
  return { sequences, decisiveTypes: new Set(rows.map(({ type }) => type)), paid: opened };
}

async function openSome(
  target: Target,
  database: pg.Client,
  market: Market,
  count: number,
): Promise<readonly PaidCheckout[]> {
  const run = randomUUID().slice(0, 8);
  const ids = await inBatches(
    Array.from({ length: count }, (_, index) => index),
    2,
    async (index) => {
      const organizationId = `bench_${run}_${index % 10}`;
      const request = checkoutRequest(target, {
        country: market.country,
        organizationId,
        idempotencyKey: randomUUID(),
      });
      return (await openCheckout(target, request)).checkout_id;
    },
  );
  const { rows } = await database.query<{ id: string; provider: string; provider_checkout_id: string }>(
    'select id, provider, provider_checkout_id from checkouts where id = any($1)',
    [ids],
  );
  return rows.map(({ id, provider, provider_checkout_id: providerCheckoutId }) => ({
    provider,
    checkoutId: id,
    providerCheckoutId,
  }));
}
