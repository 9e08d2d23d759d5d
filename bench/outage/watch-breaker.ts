import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Target } from '../stack/target.ts';

const everyMs = 200;

const providersSchema = z.object({
  data: z.array(z.object({ id: z.string(), health: z.object({ state: z.string() }).nullable() })),
});

/** How a provider's breaker stands, as operators see it. */
export async function breakerState(target: Target, provider: string): Promise<string> {
  const answer = await fetch(`${target.api_url}/api/v1/ops/providers`, {
    headers: { authorization: `Bearer ${target.ops_key}` },
  });
  if (!answer.ok) throw new Error(`GET /ops/providers was answered ${answer.status}`);
  const { data } = providersSchema.parse(await answer.json());
  return data.find(({ id }) => id === provider)?.health?.state ?? 'unknown';
}

/** @returns the seconds until the breaker is in that state; null: not within that time. */
export async function secondsUntil(
  target: Target,
  input: { readonly provider: string; readonly state: string; readonly withinSeconds: number },
): Promise<number | null> {
  const startedMs = performance.now();
  for (;;) {
    if ((await breakerState(target, input.provider)) === input.state) return (performance.now() - startedMs) / 1_000;
    if (performance.now() - startedMs > input.withinSeconds * 1_000) return null;
    await sleep(everyMs);
  }
}
