import { z } from 'zod';

/** What a push to the providers is asked with. Without `dry_run: false` nothing is changed. */
export function pushBody(id: string, allOfThem: string) {
  return z
    .strictObject({
      dry_run: z.boolean().default(true),
      provider: z
        .string()
        .min(1)
        .max(64)
        .nullable()
        .default(null)
        .meta({ description: `null: ${allOfThem}` }),
    })
    .meta({ id });
}
