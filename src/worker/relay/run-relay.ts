import { createAlarm } from './alarm.ts';
import { deliverEvents, type RelayDeps } from './deliver-events.ts';
import { createCourier, type CourierDeps } from './deliver-outbound.ts';
import { housekeep } from './housekeep.ts';
import { listen } from './listen.ts';
import { rollOnce } from './roll-usage.ts';
import { sweepForgotten } from './sweep-forgotten.ts';

const batch = { limit: 100, leaseMs: 30_000 };
const slowPollMs = 1_000;
const sweepEveryMs = 10_000;
const housekeepEveryMs = 3_600_000;
const rollEveryMs = 250;

export interface Relay {
  /** Finishes what is in hand, then stops. */
  stop(): Promise<void>;
}

/**
 * Runs until stopped: webhooks of providers to workflows, events of ours to the projects' endpoints, usage into its rollups. Woken by `NOTIFY`,
 * and by slow polls in case a notice is lost.
 *
 * @param outbound null: there are no encryption keys, hence no endpoint can have a secret.
 */
export function runRelay(deps: RelayDeps, outbound: CourierDeps | null, databaseUrl: string): Relay {
  const inbox = createAlarm();
  const outbox = createAlarm();
  const chores = createAlarm();
  let isStopping = false;
  const courier = outbound && createCourier(outbound, outbox.ring);
  const listener = listen(databaseUrl, { provider_events: inbox.ring, outbound_deliveries: outbox.ring }, deps.logger);
  const loops = [
    every(
      () => deliverEvents(deps, batch),
      (taken) => inbox.sleep(taken === batch.limit ? 0 : slowPollMs),
    ),
    every(
      async () => (await courier?.deliver()) ?? 0,
      (taken) => outbox.sleep(taken > 0 ? 0 : slowPollMs),
    ),
    every(
      () => sweepForgotten(deps),
      () => chores.sleep(sweepEveryMs),
    ),
    every(
      () => housekeep(deps),
      () => chores.sleep(housekeepEveryMs),
    ),
    every(
      () => rollOnce(deps),
      (isMore) => chores.sleep(isMore ? 0 : rollEveryMs),
    ),
  ];
  return {
    async stop() {
      isStopping = true;
      for (const alarm of [inbox, outbox, chores]) alarm.end();
      await Promise.all(loops);
      await courier?.settle();
      await (await listener)?.end();
    },
  };

  async function every<T>(work: () => Promise<T>, pause: (result: T) => Promise<void>): Promise<void> {
    while (!isStopping) {
      try {
        await pause(await work());
      } catch (error) {
        deps.logger.error({ err: error }, 'the relay stumbled; it goes on in a moment');
        await chores.sleep(slowPollMs);
      }
    }
  }
}
