import type { EntityName } from '@mikro-orm/core';
import type { Db } from './orm.ts';

export interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/**
 * `insert into …` for one row of an entity. On the answer path several rows are written by one statement (`with a as
 * (insert …), b as (insert …)`): one round trip and one commit, where a unit of work takes a handful.
 */
export function insertStatement<Entity extends object>(
  em: Db,
  entity: EntityName<Entity>,
  row: Readonly<Record<string, unknown>>,
): Statement {
  const { tableName, props } = em.getMetadata().get(entity);
  const platform = em.getPlatform();
  const columns: string[] = [];
  const params: unknown[] = [];
  for (const { name, fieldNames, customType } of props) {
    const [column] = fieldNames;
    const value = row[name];
    if (column === undefined || value === undefined) continue;
    columns.push(column);
    if (value instanceof Date) params.push(value.toISOString());
    else params.push(value === null || !customType ? value : customType.convertToDatabaseValue(value, platform));
  }
  return {
    sql: `insert into ${tableName} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
    params,
  };
}
