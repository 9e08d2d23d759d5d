import { ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openOrm } from '../../../src/db/orm.ts';
import { withClient } from '../../../src/local/postgres.ts';
import { refusedUsage } from '../../../src/providers/port.ts';
import { claimEvents } from '../../../src/worker/relay/claim-events.ts';
import { deliverEvents, type RelayDeps } from '../../../src/worker/relay/deliver-events.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';

let database: TestDatabase;
let orm: MikroORM;
beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});
beforeEach(() => run('truncate provider_events, checkouts cascade'));

const run = (sql: string) => withClient(database.url, (client) => client.query(sql));
const batch = { limit: 100, leaseMs: 30_000 };

interface Signal {
  readonly workflowId: string;
  readonly ids: readonly string[];
}

/** A Temporal that remembers; `answer` may throw as the real one does. */
function aTemporal(answer: (workflowId: string) => void = () => undefined) {
  const signals: Signal[] = [];
  const started: string[] = [];
  const workflow = {
    getHandle: (workflowId: string) => ({
      signal: async (_: unknown, facts: readonly { id: string }[]) => {
        answer(workflowId);
        signals.push({ workflowId, ids: facts.map(({ id }) => id) });
      },
    }),
    signalWithStart: async (
      name: string,
      { workflowId, signalArgs }: { workflowId: string; signalArgs: [readonly { id: string }[]] },
    ) => {
      answer(workflowId);
      started.push(`${name}:${workflowId}`);
      signals.push({ workflowId, ids: signalArgs[0].map(({ id }) => id) });
    },
    start: async (_: string, options: { workflowId: string }) => void started.push(options.workflowId),
  };
  const temporal = { workflow } as unknown as Client;
  const deps: RelayDeps = { em: () => orm.em.fork(), temporal, logger: pino({ level: 'silent' }) };
  return { signals, started, deps };
}

async function aCheckout(id: string, status = 'open', provider = 'acme'): Promise<void> {
  await run(`insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
    routing, status, quantity, checkout_url, provider) values ('${id}', 'p', false, 'org_1', 'payment', 'none', 's', 'c', '{}',
    '${status}', 1, 'https://pay.example', '${provider}')`);
}

async function anEvent(id: string, changes: { checkoutId?: string; object?: string } = {}): Promise<void> {
  const { checkoutId = 'chk_1', object = 'o_1' } = changes;
  await run(`insert into provider_events (id, project_id, live, provider, event_id, type, object_kind, object_id,
    checkout_id, status) values ('${id}', 'p', false, 'acme', '${id}', 'order.paid', 'order', '${object}',
    '${checkoutId}', 'received')`);
}

const rowOf = (id: string) =>
  withClient(database.url, async (client) => {
    const { rows } = await client.query<{ status: string; last_error: string | null; delivered_to: string | null }>(
      `select status, last_error, delivered_to from provider_events where id = '${id}'`,
    );
    return rows[0];
  });

describe('the relay', () => {
  it('signals the subscription whose id an object carries, of its own project and mode only', async () => {
    await run(`insert into plans (id, key, name, kind, project_id, sort_order) values ('plan_1', 'k', 'N', 'subscription', 'p', 1);
      insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
        values ('price_1', 'plan_1', 'monthly', 100, 'USD', 'p');
      insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
        quantity, provider, collection, amount_minor, currency)
        values ('sub_ours', 'p', false, 'org_1', 'plan_1', 'price_1', 'active', 'monthly', 1, 'bolt', 'provider', 100, 'USD')`);
    for (const [id, live] of [
      ['evt_1', false],
      ['evt_2', true],
    ])
      await run(`insert into provider_events (id, project_id, live, provider, event_id, type, object_kind, object_id,
        related, status) values ('${id}', 'p', ${live}, 'acme', '${id}', 'invoice.paid', 'invoice', 'in_1',
        '[{ "kind": "our_subscription", "id": "sub_ours" }]', 'received')`);
    const { deps, signals } = aTemporal();
    await deliverEvents(deps, batch);
    expect(signals).toEqual([{ workflowId: 'subscription/sub_ours', ids: ['evt_1'] }]);
    expect(await rowOf('evt_2')).toMatchObject({ status: 'received' });
  });

  it('has a notice of refused usage read once, by a workflow of its own', async () => {
    await run(`insert into provider_events (id, project_id, live, provider, event_id, type, object_kind, object_id, status)
      values ('evt_9', 'p', false, 'acme', 'there_9', 'meter.refused', '${refusedUsage}', 'there_9', 'received')`);
    const { deps, started } = aTemporal();
    await deliverEvents(deps, batch);
    expect(started).toEqual(['fact/evt_9']);
    expect(await rowOf('evt_9')).toMatchObject({ status: 'delivered', delivered_to: 'fact/evt_9' });
  });

  it('signals the checkout that an event names, all its events at once and in order', async () => {
    await aCheckout('chk_1');
    for (const id of ['evt_2', 'evt_1', 'evt_3']) await anEvent(id);
    const { deps, signals } = aTemporal();
    expect(await deliverEvents(deps, batch)).toBe(3);
    expect(signals).toEqual([{ workflowId: 'checkout/chk_1', ids: ['evt_1', 'evt_2', 'evt_3'] }]);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'delivered', delivered_to: 'checkout/chk_1' });
    expect(await deliverEvents(deps, batch)).toBe(0);
  });

  it('gives a claimed event back when the claimer dies, and holds back those behind it until then', async () => {
    await anEvent('evt_1');
    expect(await claimEvents(orm.em.fork(), { limit: 1, leaseMs: 200 })).toHaveLength(1);
    await anEvent('evt_2');
    expect(await claimEvents(orm.em.fork(), batch)).toEqual([]);
    await expect
      .poll(async () => (await claimEvents(orm.em.fork(), batch)).map(({ id }) => id))
      .toEqual(['evt_1', 'evt_2']);
  });

  it('lets events of other objects pass', async () => {
    await anEvent('evt_1');
    await claimEvents(orm.em.fork(), batch);
    await anEvent('evt_2', { object: 'o_2' });
    expect(await claimEvents(orm.em.fork(), batch)).toHaveLength(1);
  });

  it('waits for a workflow that has not started yet', async () => {
    await aCheckout('chk_1', 'creating');
    await anEvent('evt_1');
    const { deps, started } = aTemporal((id) => {
      throw new WorkflowNotFoundError('gone', id, undefined);
    });
    await deliverEvents(deps, batch);
    expect(started).toEqual([]);
    expect(await rowOf('evt_1')).toMatchObject({
      status: 'received',
      last_error: 'checkout/chk_1 has not started yet',
    });
  });

  it('starts a late fact when the workflow has ended', async () => {
    await aCheckout('chk_1', 'expired');
    await anEvent('evt_1');
    const { deps, started } = aTemporal((id) => {
      throw new WorkflowNotFoundError('gone', id, undefined);
    });
    await deliverEvents(deps, batch);
    expect(started).toEqual(['fact/evt_1']);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'delivered', delivered_to: 'fact/evt_1' });
  });

  it('tells whoever looks after a session at another provider than the checkout stands with, and has it begun', async () => {
    await aCheckout('chk_1', 'open', 'other');
    await aCheckout('chk_2', 'failed', 'other');
    await anEvent('evt_1');
    await anEvent('evt_2', { checkoutId: 'chk_2', object: 'o_2' });
    const { deps, started, signals } = aTemporal();
    await deliverEvents(deps, batch);
    expect(started.toSorted()).toEqual([
      'resolveStray:resolve-stray/chk_1/acme',
      'resolveStray:resolve-stray/chk_2/acme',
    ]);
    expect(signals.flatMap(({ ids }) => ids).toSorted()).toEqual(['evt_1', 'evt_2']);
  });

  it('waits with such an event until the checkout has a provider at all', async () => {
    await aCheckout('chk_1', 'creating', 'other');
    await anEvent('evt_1');
    const { deps, started } = aTemporal(() => {
      throw new WorkflowNotFoundError('none', 'checkout/chk_1', undefined);
    });
    await deliverEvents(deps, batch);
    expect(started).toEqual([]);
  });

  it('keeps what is about nothing we know as ignored, after waiting for it', async () => {
    await anEvent('evt_1', { checkoutId: 'chk_unknown' });
    const { deps } = aTemporal();
    await deliverEvents(deps, batch);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'received' });
    await run('update provider_events set attempts = 5, next_attempt_at = now()');
    await deliverEvents(deps, batch);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'ignored', last_error: 'it is about nothing we know' });
  });

  it('sets a poison message aside, and never for the engine being down', async () => {
    await aCheckout('chk_1');
    await anEvent('evt_1');
    await run('update provider_events set attempts = 20');
    let error: Error = new ServiceError('unavailable');
    const { deps } = aTemporal(() => {
      throw error;
    });
    await deliverEvents(deps, batch);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'received', last_error: 'unavailable' });
    error = new Error('poison');
    await run('update provider_events set next_attempt_at = now()');
    await deliverEvents(deps, batch);
    expect(await rowOf('evt_1')).toMatchObject({ status: 'set_aside', last_error: 'poison' });
  });
});
