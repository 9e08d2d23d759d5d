import { createHash } from 'node:crypto';
import type { EntityName } from '@mikro-orm/core';
import type { QueryConfig, QueryResultRow } from 'pg';
import type { Statement } from './insert-statement.ts';
import type { Db } from './orm.ts';

interface Named {
  readonly name: string;
  readonly text: string;
}

/** By their SQL. Statements are texts of ours, so there are few. */
const known = new Map<string, Named>();

/**
 * Runs a statement that every connection parses and plans only the first times: MikroORM sends each one anew, with its
 * values inside, and planning the answer path's joins and chained inserts takes PostgreSQL longer than running them.
 * Outside transactions, on a connection of the same pool. Name columns one by one (`columnsOf`): after a migration beside
 * this process, PostgreSQL refuses a prepared `select *` ("cached plan must not change result type").
 *
 * @throws {DriverException} as `em.execute` does
 */
export async function executePrepared<Row extends QueryResultRow>(
  em: Db,
  statement: Statement,
): Promise<readonly Row[]> {
  if (em.isInTransaction()) throw new Error('a prepared statement would not see the transaction around it');
  const pool = await em.getConnection().getNativeClient();
  try {
    const { rows } = await pool.query<Row>(preparedQuery(statement));
    return rows;
  } catch (error) {
    throw error instanceof Error ? em.getDriver().convertException(error) : error;
  }
}

/** The same for a pool of one's own. */
export function preparedQuery({ sql, params }: Statement): QueryConfig {
  return { ...named(sql), values: [...params] };
}

/** Runs one prepared statement, outside or inside a transaction. */
export type RunPrepared = <Row extends QueryResultRow>(statement: Statement) => Promise<readonly Row[]>;

/**
 * Several prepared statements in a transaction of their own: all of them or none.
 *
 * @throws {DriverException} as `em.execute` does
 */
export async function transactPrepared<Result>(em: Db, work: (run: RunPrepared) => Promise<Result>): Promise<Result> {
  const pool = await em.getConnection().getNativeClient();
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('begin');
    const result = await work(async <Row extends QueryResultRow>(statement: Statement) => {
      const { rows } = await client.query<Row>(preparedQuery(statement));
      return rows;
    });
    await client.query('commit');
    return result;
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error instanceof Error ? em.getDriver().convertException(error) : error;
  } finally {
    // A connection whose transaction failed is not used again: closing it rolls back, whatever state it is in.
    client.release(failure);
  }
}

/** The columns of an entity for a select list, as `em.map` takes them. */
export function columnsOf<Entity extends object>(em: Db, entity: EntityName<Entity>, alias: string): string {
  const { props } = em.getMetadata().get(entity);
  return props.flatMap(({ fieldNames }) => fieldNames.map((column) => `${alias}.${column}`)).join(', ');
}

function named(sql: string): Named {
  let found = known.get(sql);
  if (!found) {
    let count = 0;
    const text = sql.replaceAll('?', () => `$${(count += 1)}`);
    found = { name: createHash('sha256').update(text).digest('hex').slice(0, 32), text };
    known.set(sql, found);
  }
  return found;
}
