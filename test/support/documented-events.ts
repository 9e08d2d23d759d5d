import { expect } from 'vitest';
import { eventData } from '../../src/api/schemas/event-data.ts';

type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** All that was told is in the form that OpenAPI's `webhooks` document. @param only A pattern of types. @returns their first words. */
export async function expectDocumented(query: Query, only = '%'): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  // An erasure empties what was told of the organization.
  const rows = await query(
    `select type, data from outbound_events where data <> '{}'::jsonb and type like '${only}' order by sequence`,
  );
  for (const row of rows) {
    const type = String(row['type']);
    const [word, schema] = Object.entries(eventData).find(([first]) => type.startsWith(`${first}.`)) ?? [type];
    expect({ type, data: schema?.parse(row['data']) }).toEqual({ type, data: row['data'] });
    words.add(word);
  }
  return words;
}
