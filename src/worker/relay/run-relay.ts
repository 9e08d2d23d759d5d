import pg from 'pg';
import { deliverEvents, type RelayDeps } from './deliver-events.ts';
import { housekeep } from './housekeep.ts';
import { sweepForgotten } from './sweep-forgotten.ts';

const batch = { limit: 100, leaseMs: 30_000 };
const slowPollMs = 1_000;
const sweepEveryMs = 10_000;
const housekeepEveryMs = 3_600_000;

export interface Relay {
  /** Finishes the batch in hand, then stops. */
  stop(): Promise<void>;
}

/** Runs until stopped: woken by `NOTIFY provider_events`, and by a slow poll in case a notice is lost. */
export function runRelay(deps: RelayDeps, databaseUrl: string): Relay {
  const alarm = createAlarm();
  let isStopping = false;
  const listener = listen(databaseUrl, alarm.ring, deps);
  const loops = [
    every(
      () => deliverEvents(deps, batch),
      (taken) => (taken === batch.limit ? 0 : slowPollMs),
      alarm.sleep,
    ),
    every(
      () => sweepForgotten(deps),
      () => sweepEveryMs,
      alarm.sleepDeaf,
    ),
    every(
      () => housekeep(deps),
      () => housekeepEveryMs,
      alarm.sleepDeaf,
    ),
  ];
  return {
    async stop() {
      isStopping = true;
      alarm.end();
      await Promise.all(loops);
      await (await listener)?.end();
    },
  };

  async function every<T>(
    work: () => Promise<T>,
    pauseMs: (result: T) => number,
    sleep: (ms: number) => Promise<void>,
  ): Promise<void> {
    while (!isStopping) {
      try {
        await sleep(pauseMs(await work()));
      } catch (error) {
        deps.logger.error({ err: error }, 'the relay stumbled; it goes on in a moment');
        await alarm.sleepDeaf(slowPollMs);
      }
    }
  }
}

/** Sleepers that a notice (or the end) wakes early. */
function createAlarm() {
  const sleepers = new Set<() => void>();
  const deaf = new Set<() => void>();
  let hasRung = false;
  let hasEnded = false;
  const nap = (among: Set<() => void>, ms: number) =>
    new Promise<void>((resolve) => {
      if (hasEnded || (among === sleepers && hasRung)) {
        hasRung = false;
        resolve();
        return;
      }
      const timer = setTimeout(wake, ms);
      among.add(wake);
      function wake() {
        clearTimeout(timer);
        among.delete(wake);
        resolve();
      }
    });
  return {
    sleep: (ms: number) => nap(sleepers, ms),
    sleepDeaf: (ms: number) => nap(deaf, ms),
    ring: () => {
      hasRung = sleepers.size === 0;
      for (const wake of sleepers) wake();
    },
    end: () => {
      hasEnded = true;
      for (const wake of [...sleepers, ...deaf]) wake();
    },
  };
}

/** A lost connection is made anew; meanwhile the slow poll delivers. */
async function listen(databaseUrl: string, ring: () => void, deps: RelayDeps): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('notification', ring);
  client.on('error', (error) => {
    deps.logger.warn({ err: error }, 'the relay no longer hears the database; it polls');
    setTimeout(() => void listen(databaseUrl, ring, deps), 5_000).unref();
  });
  try {
    await client.connect();
    await client.query('listen provider_events');
    return client;
  } catch (error) {
    deps.logger.warn({ err: error }, 'the relay cannot listen; it polls');
    return undefined;
  }
}
