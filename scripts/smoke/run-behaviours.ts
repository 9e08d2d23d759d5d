import { BillingError } from '../../src/domain/errors.ts';
import { abilitiesOf, operationsOf } from '../../src/providers/accounts.ts';
import type { ProviderAccount } from '../../src/providers/port.ts';
import { createScene, type Behaviour } from './behaviour.ts';
import { recordExchanges } from './record-exchanges.ts';
import { shapeOf, type Shape } from './shape.ts';
import type { OnTheWire } from './wire-shape.ts';

/** How one behaviour went at one place. */
export interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  /** Our code for a refusal, or what was expected and not so; null when it went well. */
  readonly problem: string | null;
  readonly ms: number;
  readonly shape: Shape;
  readonly wire: OnTheWire;
  /** What could not be taken away again. */
  readonly leftBehind: readonly string[];
}

export interface Run {
  readonly provider: string;
  readonly account: ProviderAccount;
  readonly runId: string;
  readonly emailDomain: string;
  readonly basePath: string;
}

/** Runs what the provider can do, one after the other; what one breaks does not keep the rest from running. */
export async function* runBehaviours(run: Run, behaviours: readonly Behaviour[]): AsyncGenerator<Outcome> {
  const can = new Set(operationsOf(run.provider));
  const able = behaviours.filter(({ needs }) => needs.every((operation) => can.has(operation)));
  for (const behaviour of able) yield await runBehaviour(run, behaviour);
}

async function runBehaviour(run: Run, behaviour: Behaviour): Promise<Outcome> {
  const recorder = recordExchanges();
  const account = recorder.watch(run.account);
  const scene = createScene({ ...run, account, abilities: abilitiesOf(run.provider) });
  const startedMs = performance.now();
  let told: Readonly<Record<string, unknown>> = {};
  let problem: string | null = null;
  try {
    told = await behaviour.run(scene);
  } catch (error) {
    problem = problemOf(error);
  }
  const ms = performance.now() - startedMs;
  const leftBehind = await scene.finish();
  recorder.stop();
  const wire = { exchanges: recorder.exchanges, basePath: run.basePath };
  return { name: behaviour.name, ok: problem === null, problem, ms, shape: shapeOf(told), wire, leftBehind };
}

/** A refusal by its code and the provider's own; never a sentence of the provider's, which may hold personal data. */
function problemOf(error: unknown): string {
  if (!(error instanceof BillingError))
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  const { status, provider_code: providerCode, param } = error.details;
  const more = [status, providerCode, param].filter((part) => part != null).map(String);
  return more.length === 0 ? error.code : `${error.code} (${more.join(', ')})`;
}
