import { z } from 'zod';

/** What only workers read from the environment. */
const schema = z.object({
  /**
   * Waits between looks at a quiet checkout. Most buyers pay within the hour: until then a payment whose webhooks were all
   * lost is seen within 15 minutes. Later ones are found by reconciliation at the latest.
   */
  CHECKOUT_LOOK_GAPS: z
    .string()
    .default('60s,5m,10m,15m,15m,15m,1h,4h,12h')
    .transform((text, context) => {
      const gaps = text.split(',').map((part) => durationMs(part.trim()));
      if (gaps.every((gap) => gap !== null)) return gaps;
      context.addIssue({ code: 'custom', message: 'must list durations like 60s, 5m or 1h' });
      return z.NEVER;
    }),
  PROVIDER_TIMEOUT_MS: z.coerce.number().int().min(100).max(8_000).default(4_000),
  PROVIDER_CALLS_IN_FLIGHT: z.coerce.number().int().min(1).max(200).default(40),
  /** How long a difference from a provider must stand before it is told, e.g. `2m`. */
  RECONCILIATION_GRACE: z
    .string()
    .default('2m')
    .transform((text, context) => {
      const grace = durationMs(text);
      if (grace !== null) return grace;
      context.addIssue({ code: 'custom', message: 'must be a duration like 60s or 5m' });
      return z.NEVER;
    }),
  WORKFLOW_BUNDLE: z.string().optional(),
  WORKER_METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
});

export type WorkerConfig = z.output<typeof schema>;

/** @returns every fault at once, by key. */
export function loadWorkerConfig(
  env: Readonly<Record<string, string | undefined>>,
):
  | { readonly config: WorkerConfig }
  | { readonly faults: readonly { readonly key: string; readonly detail: string }[] } {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return { config: parsed.data };
  return { faults: parsed.error.issues.map((issue) => ({ key: String(issue.path[0]), detail: issue.message })) };
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function durationMs(text: string): number | null {
  const match = /^(\d+)([smh])$/.exec(text);
  return match ? Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0) : null;
}
