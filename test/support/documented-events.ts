import { expect } from 'vitest';
import { eventData } from '../../src/api/schemas/event-data.ts';

type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** All that was told is in the form that OpenAPI's `webhooks` document. @returns the first words of the types told. */
export async function expectDocumented(query: Query): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  // An erasure empties what was told of the organization.
  for (const row of await query(`select type, data from outbound_events where data <> '{}'::jsonb order by sequence`)) {
    const type = String(row['type']);
    const [word, schema] = Object.entries(eventData).find(([first]) => type.startsWith(`${first}.`)) ?? [type];
    expect({ type, data: schema?.parse(row['data']) }).toEqual({ type, data: row['data'] });
    words.add(word);
  }
  return words;
}
