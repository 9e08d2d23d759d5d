import type { Behaviour } from './behaviour.ts';
import { behaviours as allBehaviours } from './behaviours.ts';
import { ownPlace, type Place } from './places.ts';
import { compare, type Compared } from './report.ts';
import { runBehaviours, type Outcome } from './run-behaviours.ts';
import { tryWebhook } from './webhook-sample.ts';

export interface SmokeInput {
  readonly provider: string;
  /** Closed by who opened it. */
  readonly place: Place;
  readonly emailDomain: string;
  /** Told of each behaviour as it ends. */
  readonly onCompared: (compared: Compared) => void;
  /** All that the provider can do, unless told otherwise. */
  readonly behaviours?: readonly Behaviour[];
}

/** Runs the same steps at a place and at a simulator of our own, and tells what differs. */
export async function smokeProvider(input: SmokeInput): Promise<readonly Compared[]> {
  const { provider, place, emailDomain, onCompared, behaviours = allBehaviours } = input;
  const ours = await ownPlace(provider);
  const runId = Date.now().toString(36);
  const all: Compared[] = [];
  const tell = (compared: Compared): void => {
    all.push(compared);
    onCompared(compared);
  };
  try {
    const own = new Map<string, Outcome>();
    const asOurs = { provider, account: ours.account, runId, emailDomain, basePath: ours.basePath };
    const asTheirs = { ...asOurs, account: place.account, basePath: place.basePath };
    for await (const outcome of runBehaviours(asOurs, behaviours)) own.set(outcome.name, outcome);
    for await (const outcome of runBehaviours(asTheirs, behaviours)) {
      const same = own.get(outcome.name);
      if (same) tell(compare(provider, outcome, same));
    }
    tell(await tryWebhook(provider, place.account));
  } finally {
    await ours.close();
  }
  return all;
}
