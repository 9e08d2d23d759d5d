import type { Target } from '../../bench/stack/target.ts';
import type { PlanClock } from '../faults/plan-clock.ts';
import { createPatientCaller, isAnswered, type Answered } from '../support/patient-caller.ts';
import type { RequestPlan, UsagePlan } from './plan.ts';
import { correctionsOf, impersonationOf, requestOf, type PlannedRequest, type Taken } from './requests.ts';

export interface SendInput {
  readonly target: Target;
  readonly plan: UsagePlan;
  /** When the run began, in ms since 1970. */
  readonly startMs: number;
  readonly clock: Pick<PlanClock, 'until' | 'nowMs'>;
  readonly onAnswer: (answered: Answered) => void;
  /** A request comes, and goes with so many of the plan's events. */
  readonly change: (by: 1 | -1, events: number) => void;
}

export interface Sent {
  /** As the API said, of all requests whose answer was heard. */
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly faults: readonly string[];
}

/** The app: every request at its moment, until it is answered, whatever becomes of the others. */
export async function sendAll(input: SendInput): Promise<Sent> {
  const sum = { accepted: 0, duplicates: 0, rejected: 0 };
  const faults: string[] = [];
  await Promise.all(
    input.plan.requests.map(async (request) => {
      await input.clock.until(request.atMs);
      try {
        for (const taken of await sendOne(input, request)) {
          sum.accepted += taken.accepted;
          sum.duplicates += taken.duplicates;
          sum.rejected += taken.rejected;
        }
      } catch (error) {
        faults.push(
          `request ${request.index} (${request.kind}): ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }),
  );
  return { ...sum, faults };
}

async function sendOne(input: SendInput, request: RequestPlan): Promise<readonly Taken[]> {
  const { plan, clock } = input;
  const taken = await underWay(input, request.to - request.from, () => sendFirst(input, request));
  const corrections = correctionsOf(plan, request);
  if (corrections === null) return taken;
  await clock.until(clock.nowMs() + request.correctedAfterMs);
  return [...taken, await underWay(input, 0, () => send(input, corrections))];
}

/** What waits for its moment is not under way: it must not slow the plan down. */
async function underWay<T>({ change }: SendInput, events: number, work: () => Promise<T>): Promise<T> {
  change(1, 0);
  return work().finally(() => change(-1, events));
}

async function sendFirst(input: SendInput, request: RequestPlan): Promise<readonly Taken[]> {
  const { plan, startMs } = input;
  const planned = requestOf(plan, request, startMs);
  const times = request.isTwice ? 2 : 1;
  const taken = await Promise.all(Array.from({ length: times }, () => send(input, planned, request.givesUpAfterMs)));
  if (request.isImpersonated) {
    const stolen = await send(input, impersonationOf(plan, request, startMs));
    if (stolen.accepted > 0) throw new Error(`${stolen.accepted} known ids were accepted with other quantities`);
    taken.push(stolen);
  }
  return taken;
}

/** @throws when the answer does not account for what was sent. */
async function send(input: SendInput, planned: PlannedRequest, givesUpAfterMs: number | null = null): Promise<Taken> {
  const { path, headers, body, sent, faulty, read } = planned;
  const call = createPatientCaller(input.target, input.onAnswer);
  const authorized = { body, headers: { ...headers, authorization: `Bearer ${input.target.secret_key}` } };
  const isWhole = (status: number, answer: Taken | null) => isAnswered(status) && answer !== null;
  const taken = await call.until<Taken | null>('POST', path, authorized, isWhole, givesUpAfterMs, read);
  if (taken === null) throw new Error('no answer');
  if (taken.rejected !== faulty) throw new Error(`${taken.rejected} events were rejected, not ${faulty}`);
  const all = taken.accepted + taken.duplicates + taken.rejected;
  if (all !== sent) throw new Error(`the answer speaks of ${all} events, ${sent} were sent`);
  return taken;
}
