import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  readonly what: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Asks again and again until `check` says true; a check that throws counts as false, its reason is kept. */
export async function waitUntil(check: () => Promise<boolean> | boolean, options: WaitOptions): Promise<void> {
  const { what, signal, timeoutMs = 60_000, everyMs = 50 } = options;
  const deadline = Date.now() + timeoutMs;
  let reason = '';
  for (;;) {
    try {
      if (await check()) return;
    } catch (error) {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > deadline) throw new Error(`${what} was not ready after ${timeoutMs / 1_000} s${reason}`);
    await sleep(everyMs, undefined, { signal });
  }
}

export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}

export function acceptsConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 1_000 });
    const done = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}
