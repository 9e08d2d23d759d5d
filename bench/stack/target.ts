import { z } from 'zod';

/** What benches and chaos runs need of `.plinto/dev.json`; everything must run. */
const targetSchema = z.object({
  api_url: z.string(),
  secret_key: z.string(),
  ops_key: z.string(),
  sandbox_url: z.string(),
  sandbox_admin_token: z.string(),
  temporal_address: z.string(),
  temporal_namespace: z.string().default('default'),
  database_url: z.string(),
  pid: z.number(),
  providers: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export type Target = z.output<typeof targetSchema>;

/** @throws when a part of the stack does not run. */
export function parseTarget(devFile: unknown): Target {
  return targetSchema.parse(devFile);
}
