import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { recordEvent } from '../../../src/activities/record-event.ts';
import { mintEndpointSecret, sealEndpointSecrets, type EndpointSecret } from '../../../src/crypto/endpoint-secrets.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import type { EventType } from '../../../src/domain/events.ts';
import { createGuardedAgent } from '../../../src/egress/guarded-agent.ts';
import {
  courierLimits,
  createCourier,
  type Courier,
  type CourierDeps,
  type CourierLimits,
} from '../../../src/worker/relay/deliver-outbound.ts';
import { createDatabase } from '../../support/servers/postgres.ts';

export interface Town {
  readonly databaseUrl: string;
  readonly orm: MikroORM;
  readonly deps: CourierDeps;
  readonly logs: string[];
  query(sql: string, params?: unknown[]): Promise<Record<string, unknown>[]>;
  anEndpoint(
    url: string,
    changes?: { types?: readonly string[]; secrets?: readonly EndpointSecret[] },
  ): Promise<string>;
  /** @returns the event's id. */
  tell(object: string, cause: string | number, type?: EventType): Promise<string>;
  aCourier(limits?: Partial<CourierLimits>): Courier;
  /** Delivers what is due until nothing is. */
  run(courier?: Courier): Promise<void>;
  /** As if the next attempts' time had come. */
  skipWaits(): Promise<void>;
  rowOf(eventId: string): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
}

export const secret = mintEndpointSecret();

/** A project with a database of its own, whose events may go to this machine. */
export async function startTown(): Promise<Town> {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 20 });
  const query = (sql: string, params: unknown[] = []) => orm.em.fork().execute(sql, params);
  await query(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await query(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
  const rules = { allowPrivate: true, httpsOnly: false };
  const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
  const agent = createGuardedAgent(rules, { connectTimeoutMs: 2_000 });
  const logs: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logs.push(line) });
  const deps: CourierDeps = { em: () => orm.em.fork(), keyRing, agent, rules, logger };
  const aCourier = (limits: Partial<CourierLimits> = {}) =>
    createCourier(deps, () => undefined, { ...courierLimits, ...limits });
  return {
    ...{ databaseUrl: database.url, orm, deps, logs, query, aCourier },
    async anEndpoint(url, { types = [], secrets = [{ secret, expiresAt: null }] } = {}) {
      const key = { id: newId('we'), projectId: 'p', live: false };
      await query(
        `insert into outbound_endpoints (id, project_id, live, url, event_types, secrets, status)
         values (?, 'p', false, ?, ?::text[], ?, 'enabled')`,
        [key.id, url, `{${types.join(',')}}`, sealEndpointSecrets(keyRing, key, secrets)],
      );
      return key.id;
    },
    async tell(object, cause, type = 'subscription.updated') {
      await orm.em.fork().transactional((tx) => recordEvent(tx, anEvent(object, cause, type)));
      const [row] = await query('select id from outbound_events order by sequence desc limit 1');
      return String(row?.['id']);
    },
    async run(courier = aCourier()) {
      while ((await courier.deliver()) > 0) await courier.settle();
    },
    async skipWaits() {
      await query(`update outbound_deliveries set next_attempt_at = now() where status = 'waiting'`);
    },
    async rowOf(eventId) {
      return (await query('select * from outbound_deliveries where event_id = ?', [eventId]))[0];
    },
    async close() {
      await agent.destroy();
      await orm.close();
      await database.drop();
    },
  };
}

export function anEvent(object: string, cause: string | number, type: EventType = 'subscription.updated') {
  return {
    ...{ projectId: 'p', live: false, organizationId: 'org_1', type, objectKind: 'subscription' },
    ...{ objectId: object, cause, data: { id: object, cause, amount: { amount_minor: 100, currency: 'MXN' } } },
  };
}
