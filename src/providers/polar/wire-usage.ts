import { z } from 'zod';
import { metadata, text } from './wire.ts';

/** Meters and ingest of Polar API 2026-10: see `wire.ts`. */
export const polarIngested = z.object({ inserted: z.int(), duplicates: z.int().default(0) });

/** A clause, or a nested filter, which has none of these fields. */
const clause = z.object({
  property: text,
  operator: text,
  value: z.union([z.string(), z.number(), z.boolean()]).nullish(),
});

export const polarMeter = z.object({
  id: z.string(),
  name: z.string(),
  archived_at: text,
  filter: z.object({ clauses: z.array(clause).default([]) }).nullish(),
  metadata,
});

export const polarQuantities = z.object({ total: z.number() });

export type PolarMeter = z.output<typeof polarMeter>;
