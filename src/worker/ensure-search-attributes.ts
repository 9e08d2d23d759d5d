import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../workflows/search-attributes.ts';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType

/** Registers our search attributes where the namespace lacks them; a start would fail without. */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter(({ name }) => !(name in known.customAttributes));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(({ name }) => [name, keyword])),
  });
}
