import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { z } from 'zod';
import { createSandboxControl } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';

export const providerView = z.object({
  id: z.string(),
  configured: z.boolean(),
  operations: z.array(z.string()),
});
export type ProviderView = z.output<typeof providerView>;

/** The three sides of the week: our API, our rows, and the providers' stand-ins. Every answer is read with a schema. */
export interface Shop {
  /** null: the API refused, which `why` tells. */
  api<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown): Promise<ApiAnswer<z.output<S>>>;
  rows<S extends z.ZodType>(schema: S, sql: string, params: readonly unknown[]): Promise<readonly z.output<S>[]>;
  /** @throws unless the sandbox does it. */
  sandbox(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Has Temporal run a schedule now. */
  runSchedule(id: string): Promise<void>;
  close(): Promise<void>;
}

export type ApiAnswer<T> = { readonly body: T; readonly why: null } | { readonly body: null; readonly why: string };

export function openShop(target: Target): Shop {
  const pool = new pg.Pool({ connectionString: target.database_url, max: 2 });
  return {
    async api(schema, method, path, body) {
      const answer = await fetch(`${target.api_url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${target.ops_key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok || answer.status === 202) return { body: null, why: `${answer.status} ${text}` };
      return { body: schema.parse(JSON.parse(text)), why: null };
    },
    async rows(schema, sql, params) {
      const { rows } = await pool.query<object>(sql, [...params]);
      return z.array(schema).parse(rows);
    },
    sandbox: createSandboxControl(target),
    async runSchedule(id) {
      const connection = await Connection.connect({ address: target.temporal_address });
      const client = new Client({ connection, namespace: target.temporal_namespace });
      await client.schedule.getHandle(id).trigger();
      await connection.close();
    },
    close: () => pool.end(),
  };
}

/** Looks until it is so; the providers' messages take their way through inbox, relay and workflow. */
export async function until<T>(what: string, look: () => Promise<T | null>, patienceMs = 45_000): Promise<T> {
  for (const start = Date.now(); ;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() - start > patienceMs) throw new Error(`waited ${patienceMs / 1000} s in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 150));
  }
}
