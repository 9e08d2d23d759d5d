import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../workflows/search-attributes.ts';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType
const ours = Object.values(searchAttributes).map(({ name }) => name);

/** Registers our search attributes where the namespace lacks them; a start would fail without. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = ours.filter((name) => !(name in customAttributes));
  if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
}

/** Adds without asking first, for servers that cannot list (the time-skipping one). */
export async function addSearchAttributes(connection: Connection, namespace: string, names = ours): Promise<void> {
  const byName = Object.fromEntries(names.map((name) => [name, keyword]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: byName });
}
