import type { MikroORM } from '@mikro-orm/postgresql';
import { createActivities, type Activities } from '../../../src/activities/index.ts';
import type { AdvancedMigrationItem } from '../../../src/activities/advance-migration-item.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import type { MigrationSettings } from '../../../src/domain/migration/migration.ts';
import { healthy } from '../../support/healthy.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';
import { createSide, running, type Side } from './two-sides.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

const settings: MigrationSettings = {
  ...{ concurrency: 20, noticesPerMinute: 60, remindAfterMinutes: [3 * 1440, 7 * 1440], deadlineMinutes: 14 * 1440 },
  ...{ lastCallMinutes: 360, watchMinutes: 1440, prices: {} },
  routing: {
    policy: { name: 'x', version: 1, description: '', rules: [], fallback_provider: 'after' },
    blockedCountries: [],
  },
};

/** One customer of `before`, to be moved to `after`, and what may be done to both. */
export interface Journey {
  readonly itemId: string;
  readonly organizationId: string;
  readonly before: Side;
  readonly after: Side;
  /** Until when the old one was paid when it began. */
  readonly endMs: number;
  now(): number;
  /** One step, as the workflow asks for it. */
  step(wishes?: { readonly isWithdrawn?: boolean; readonly remindTo?: number }): Promise<AdvancedMigrationItem>;
  /** Steps until nothing is left to do before `untilMs`; time goes on to what it waits for. */
  go(untilMs: number, wishes?: { readonly isWithdrawn?: boolean }): Promise<string>;
  passTo(ms: number): void;
  opensPage(status?: string): Promise<string>;
  pays(checkoutId: string): Promise<string>;
  row(): Promise<Record<string, unknown>>;
  events(): Promise<string[]>;
  rights(): Promise<string[]>;
}

export interface MigrationWorld {
  readonly orm: MikroORM;
  readonly activities: Activities;
  query(sql: string, params?: unknown[]): Promise<Record<string, unknown>[]>;
  /**
   * @param twice Every step is done again before its answer is heard: as if the worker had died after its commit.
   */
  journey(options?: { readonly twice?: boolean; readonly paidForDays?: number }): Promise<Journey>;
  end(): Promise<void>;
}

export async function startMigrationWorld(): Promise<MigrationWorld> {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 8 });
  const query = (sql: string, params: unknown[] = []) => orm.em.fork().execute<Record<string, unknown>[]>(sql, params);
  const run = async (sql: string, params: unknown[] = []) => void (await orm.em.fork().execute(sql, params, 'run'));
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(
    `insert into plans (id, key, name, kind, sort_order, project_id) values ('plan_pro', 'pro', 'Pro', 'subscription', 1, 'p')`,
  );
  await run(
    `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
     values ('price_pro', 'plan_pro', 'monthly', 900, 'USD', 'p')`,
  );
  let sides: { before: Side; after: Side } | null = null;
  const providers = {
    ...fakeProviders(),
    account: async (_project: string, _live: boolean, id: string) => {
      const side = id === 'before' ? sides?.before : sides?.after;
      return side ? { live: false, webhookSecrets: [], client: side.client } : null;
    },
  };
  const activities = createActivities({
    ...{ orm, providers, background: providers, health: healthy, publicUrl: 'https://pay.example' },
    ...{ keyRing: null, lookGapsMs: [], maxCallsInFlight: 4 },
  });
  return {
    ...{ orm, activities, query },
    async journey({ twice = false, paidForDays = 25 } = {}) {
      // Ahead of the wall's clock, which the activities do not believe over a later one.
      let nowMs = Math.ceil(Date.now() / 1_000) * 1_000 + hour;
      const endMs = nowMs + paidForDays * day;
      const [before, after] = [createSide('before', () => nowMs), createSide('after', () => nowMs)];
      sides = { before, after };
      const [organizationId, migrationId, itemId] = [newId('job'), newId('mig'), newId('mi')];
      const truth = running(`old_${itemId}`, endMs, false);
      before.all.set(truth.providerSubscriptionId, truth);
      await run(`insert into organizations (project_id, live, id) values ('p', false, ?)`, [organizationId]);
      await run(
        `insert into migrations (id, name, from_provider, to_provider, dry_run, source, settings, status, why, actor, project_id, live)
         values (?, 'm', 'before', 'after', false, 'provider', ?, 'completed', '', 'key_1', 'p', false)`,
        [migrationId, JSON.stringify(settings)],
      );
      const plan = {
        ...{ action: 'move', planId: 'plan_pro', priceId: 'price_pro', provider: 'after', rule: 'r', quantity: 1 },
        ...{ amountMinor: 900, currency: 'USD', firstChargeAt: truth.currentPeriodEnd, differenceMinor: 0 },
      };
      await run(
        `insert into migration_items (id, migration_id, organization_id, provider_subscription_id, provider_customer_id,
           legacy, state, plan, project_id, live) values (?, ?, ?, ?, 'cus', ?, 'planned', ?, 'p', false)`,
        [
          itemId,
          migrationId,
          organizationId,
          truth.providerSubscriptionId,
          JSON.stringify({ interval: 'month' }),
          JSON.stringify(plan),
        ],
      );
      let at: string | null = null;
      const journey: Journey = {
        ...{ itemId, organizationId, before, after, endMs, now: () => nowMs },
        passTo(ms) {
          nowMs = Math.max(nowMs, ms);
          before.tick(nowMs);
          after.tick(nowMs);
        },
        async step({ isWithdrawn = false, remindTo = 0 } = {}) {
          const ask = () =>
            activities.advanceMigrationItem({
              ...{ projectId: 'p', live: false, itemId, now: new Date(nowMs).toISOString(), at, isWithdrawn, remindTo },
            });
          if (twice) await ask();
          const did = await ask();
          at = did.asks;
          return did;
        },
        async go(untilMs, wishes = {}) {
          for (let steps = 0; steps < 200; steps += 1) {
            const did = await journey.step(wishes).catch((error: unknown) => String(error));
            if (typeof did === 'string') journey.passTo(nowMs + 10 * minute);
            else if (did.isOver) return did.state;
            else if (did.did === 'wait') {
              if (did.until === null || Date.parse(did.until) > untilMs) {
                journey.passTo(untilMs);
                return did.state;
              }
              journey.passTo(Date.parse(did.until));
            }
            if (nowMs >= untilMs && typeof did === 'string') return did;
          }
          throw new Error('it never comes to rest');
        },
        async opensPage(status = 'open') {
          const id = newId('chk');
          await run(
            `insert into checkouts (id, mode, status, billing_interval, quantity, amount_minor, currency, country_source, success_url,
               cancel_url, metadata, routing, plan_id, price_id, project_id, live, organization_id, provider, checkout_url,
               provider_checkout_id)
             values (?, 'subscription', ?, 'monthly', 1, 900, 'USD', 'none', 'https://x', 'https://x', ?, '{}', 'plan_pro',
               'price_pro', 'p', false, ?, 'after', 'https://pay', ?)`,
            [id, status, JSON.stringify({ migration_item: itemId }), organizationId, `there_${id}`],
          );
          return id;
        },
        async pays(checkoutId) {
          const id = newId('sub');
          // Whole days that end after the paid-through date, as the page asks for.
          const days = Math.max(1, Math.ceil((endMs - nowMs) / day) + 1);
          const begun = running(`new_${id}`, nowMs + days * day, true, nowMs);
          after.all.set(begun.providerSubscriptionId, begun);
          await run(
            `insert into subscriptions (id, plan_id, price_id, status, billing_interval, quantity, provider, provider_subscription_id,
               provider_customer_id, amount_minor, currency, current_period_start, current_period_end, trial_end, checkout_id,
               project_id, live, organization_id)
             values (?, 'plan_pro', 'price_pro', 'trialing', 'monthly', 1, 'after', ?, 'cus', 900, 'USD', ?, ?, ?, ?, 'p', false, ?)`,
            [
              id,
              begun.providerSubscriptionId,
              begun.currentPeriodStart,
              begun.trialEnd,
              begun.trialEnd,
              checkoutId,
              organizationId,
            ],
          );
          await run(`update checkouts set status = 'paid', subscription_id = ? where id = ?`, [id, checkoutId]);
          return id;
        },
        async row() {
          const [row = {}] = await query('select * from migration_items where id = ?', [itemId]);
          return row;
        },
        events: async () =>
          (await query('select type from outbound_events where object_id = ? order by sequence', [itemId])).map(
            ({ type }) => String(type),
          ),
        rights: async () =>
          (
            await query(
              `select provider, status from charge_rights where migration_item_id = ? and status <> 'released' order by period_start`,
              [itemId],
            )
          ).map(({ provider, status }) => `${String(provider)} ${String(status)}`),
      };
      return journey;
    },
    async end() {
      await orm.close();
      await database.drop();
    },
  };
}

/**
 * What the two ledgers say of the time from the old one's end on: where nobody has paid, and where two have. The providers'
 * own charges, not our rows.
 */
export function judge({ before, after, endMs }: Journey): { readonly gaps: number; readonly overlaps: number } {
  const charges = [...before.ledger, ...after.ledger].toSorted((a, b) => a.from.localeCompare(b.from));
  let coveredMs = endMs;
  const found = { gaps: 0, overlaps: 0 };
  for (const { from, to } of charges) {
    const gapMs = Date.parse(from) - coveredMs;
    // A provider takes a trial's end only a moment ahead.
    if (gapMs > 5 * minute) found.gaps += 1;
    if (gapMs < -1_000) found.overlaps += 1;
    coveredMs = Math.max(coveredMs, Date.parse(to));
  }
  return found;
}
