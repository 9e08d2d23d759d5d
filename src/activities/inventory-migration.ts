import { setTimeout as sleep } from 'node:timers/promises';
import type { Migration } from '../db/entities/migration.ts';
import type { Db } from '../db/orm.ts';
import { pageItems } from '../db/queries/migration-items.ts';
import { dropOthers, putFoundItems, type FoundItem } from '../db/queries/migration-inventory.ts';
import { findKnownOwners, findReachable } from '../db/queries/migration-match.ts';
import { moveMigration } from '../db/queries/migrations.ts';
import { BillingError } from '../domain/errors.ts';
import { legacyOf } from '../domain/migration/legacy.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import { asFarAsPossible } from './compare-parallel.ts';
import { createPatience, type Patience } from './compare-patience.ts';
import type { ActivityDeps } from './deps.ts';
import { mustFindMigration, planning, type MigrationRef } from './migration-row.ts';
import { accountOf } from './provider-account.ts';

const pageSize = 50;
const atOnce = 5;

/** What is read at the old provider, and where the next page begins; null: that was the last one. */
interface ReadPage {
  readonly found: readonly FoundItem[];
  readonly next: string | null;
}

/**
 * Reads one page of the old provider's subscriptions into items: each subscription once, with whose it is. Safe to repeat
 * at any point: a page is written whole, with where the next begins, or not at all.
 *
 * @returns `isDone`: all are there. `found`: how many this page brought.
 */
export function createInventoryMigration(deps: ActivityDeps) {
  return async function inventoryMigration(
    ref: MigrationRef,
  ): Promise<{ readonly found: number; readonly isDone: boolean }> {
    const em = deps.orm.em.fork();
    const migration = await mustFindMigration(em, ref);
    if (migration.cursor === planning) return { found: 0, isDone: true };
    if (migration.status !== 'inventory') return { found: 0, isDone: false };
    const { projectId, live, fromProvider } = migration;
    // Nobody waits for it: those who wait go first.
    const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, fromProvider);
    const patiently = createPatience(sleep);
    const page = await (migration.source === 'csv' ? readNamed : readListed)({ em, migration, client, patiently });
    const isWritten = await em.fork().transactional(async (tx) => {
      if (!(await moveMigration(tx, migration, 'inventory', { cursor: page.next ?? planning }))) return false;
      await putFoundItems(tx, migration, page.found);
      const ids = page.found.map(({ legacy }) => legacy.providerSubscriptionId);
      if (migration.source === 'csv') await dropOthers(tx, migration, ids);
      return true;
    });
    if (!isWritten) return { found: 0, isDone: false };
    return { found: page.found.length, isDone: page.next === null };
  };
}

interface Reading {
  readonly em: Db;
  readonly migration: Migration;
  readonly client: ProviderClient;
  readonly patiently: Patience;
}

/** @throws {BillingError} `not_supported_by_provider` (invalid) */
async function readListed(reading: Reading): Promise<ReadPage> {
  const { migration, client, patiently } = reading;
  const listAll = client.subscriptions?.listAll;
  if (!listAll) throw cannot(migration.fromProvider, 'list its subscriptions: send them as CSV');
  const page = await patiently(() => listAll({ cursor: migration.cursor, limit: pageSize }));
  const found = await withOwners(reading, page.items);
  const { organizations } = migration;
  const wanted =
    organizations === null ? found : found.filter(({ organizationId }) => organizations.includes(organizationId ?? ''));
  return { found: wanted, next: page.nextCursor };
}

/** What a CSV names is read one by one: what it says of money and dates may be old. */
async function readNamed(reading: Reading): Promise<ReadPage> {
  const { em, migration, client, patiently } = reading;
  const { subscriptions } = client;
  if (!subscriptions) throw cannot(migration.fromProvider, 'read a subscription');
  const listed = await pageItems(em, migration, {
    ...{ migrationId: migration.id, states: ['found'], after: migration.cursor, limit: pageSize },
  });
  const items = listed.slice(0, pageSize);
  const { done, failure } = await asFarAsPossible(items, atOnce, async ({ legacy }) => {
    const { providerSubscriptionId, providerCustomerId } = legacy;
    const truth = await patiently(() =>
      subscriptions.get({ providerSubscriptionId, providerCustomerId: providerCustomerId || null }),
    );
    return truth ?? { providerSubscriptionId, legacy };
  });
  if (failure !== null) throw failure;
  const truths = done.flatMap((one) => ('status' in one ? [one] : []));
  const gone = done.flatMap((one) => ('legacy' in one ? [{ ...one.legacy, status: 'expired' }] : []));
  const found = [
    ...(await withOwners(reading, truths)),
    ...gone.map((legacy) => ({ organizationId: null, subscriptionId: null, legacy })),
  ];
  return { found, next: listed.length > pageSize ? (items.at(-1)?.id ?? null) : null };
}

/** Our own rows say whose it is, else the id of ours that the provider's customer carries. */
async function withOwners(reading: Reading, truths: readonly SubscriptionTruth[]): Promise<readonly FoundItem[]> {
  const { em, migration, client, patiently } = reading;
  const account = { projectId: migration.projectId, live: migration.live, provider: migration.fromProvider };
  const known = await findKnownOwners(em, account, truths);
  const ownerOf = (truth: SubscriptionTruth) => known.get(truth.providerSubscriptionId)?.organizationId ?? null;
  const reachable = await findReachable(
    em,
    migration,
    truths.flatMap((truth) => ownerOf(truth) ?? []),
  );
  const asked = truths.filter((truth) => reachable.get(ownerOf(truth) ?? '')?.hasEmail !== true);
  const ids = [...new Set(asked.flatMap(({ providerCustomerId }) => providerCustomerId ?? []))];
  const { done, failure } = await asFarAsPossible(ids, atOnce, (id) => patiently(() => client.customers.get(id)));
  if (failure !== null) throw failure;
  const customers = new Map(done.flatMap((customer) => (customer ? [[customer.providerCustomerId, customer]] : [])));
  const named = await findReachable(
    em,
    migration,
    [...customers.values()].flatMap((one) => one.organizationId ?? []),
  );
  return truths.map((truth) => {
    const customer = customers.get(truth.providerCustomerId ?? '');
    const carried = customer?.organizationId ?? null;
    const organizationId = ownerOf(truth) ?? (carried !== null && named.has(carried) ? carried : null);
    const hasEmail = customer === undefined ? null : (customer.email ?? '') !== '';
    const subscriptionId = known.get(truth.providerSubscriptionId)?.subscriptionId ?? null;
    return { organizationId, subscriptionId, legacy: legacyOf(truth, hasEmail) };
  });
}

function cannot(provider: string, what: string): BillingError {
  return new BillingError({
    ...{ code: 'not_supported_by_provider', kind: 'invalid', message: `${provider} cannot ${what}.` },
    details: { provider },
  });
}
