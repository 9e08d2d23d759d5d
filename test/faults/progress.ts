import type { Disturbance } from './disturb.ts';
import type { PlanClock } from './plan-clock.ts';

/** Every five seconds one line: how far, how fast, how long yet, and what is being done to it. */
export function createProgress(
  { total, things, lengthMs }: { readonly total: number; readonly things: string; readonly lengthMs: number },
  disturbance: Disturbance,
  clock: Pick<PlanClock, 'nowMs'>,
  print: (line: string) => void,
) {
  const startMs = Date.now();
  let done = 0;
  /** At the plan's own pace so far. */
  const leftMs = (ms: number) => Math.max(0, (lengthMs - clock.nowMs()) * (ms / Math.max(1, clock.nowMs())));
  const timer = setInterval(() => {
    const ms = Date.now() - startMs;
    const parts = [
      `${Math.round(ms / 1_000)} s: ${done} of ${total} ${things}`,
      `${Math.floor((done / total) * 100)} %`,
      `${(done / (ms / 1_000)).toFixed(1)}/s`,
      `about ${Math.ceil(leftMs(ms) / 1_000)} s left`,
      `${disturbance.active} faults on`,
      `killed ${listed(disturbance.kills)}`,
    ];
    print(parts.join(', '));
  }, 5_000);
  return { ended: (count = 1) => void (done += count), stop: () => clearInterval(timer) };
}

/** `worker 2, api 1`. */
export function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
