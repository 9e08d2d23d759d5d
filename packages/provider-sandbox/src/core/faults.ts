import { z } from 'zod';
import { type FaultConditions, type FaultSubject, faultConditions, fits } from './fault-conditions.ts';
import { hex } from './ids.ts';
import { nextRandom } from './random.ts';
import type { Store } from './store.ts';
import { type ProviderId, isProviderId } from './types.ts';

export const REQUEST_FAULTS = [
  'latency',
  'status',
  'status_after_work',
  'timeout_after_work',
  'timeout_before_work',
  'reset',
  'rate_limited',
  'malformed',
] as const;
export const WEBHOOK_FAULTS = ['webhook_lost', 'webhook_duplicate', 'webhook_late', 'webhook_reordered'] as const;

export type RequestFaultKind = (typeof REQUEST_FAULTS)[number];
export type WebhookFaultKind = (typeof WEBHOOK_FAULTS)[number];

export interface Fault {
  id: string;
  provider: ProviderId | null;
  /** Operation such as `checkouts.create`, or an event type for the webhook kinds; null hits all. */
  operation: string | null;
  kind: RequestFaultKind | WebhookFaultKind;
  rate: number;
  /** How many more times it strikes; null without end. */
  times: number | null;
  latency_ms: number | null;
  status: number | null;
  retry_after_s: number | null;
  when: FaultConditions | null;
  seed: number;
  hits: number;
}

interface StoredFault extends Fault {
  randomState: number;
  /** How many requests fitted so far, for `when.nth`. */
  fitted: number;
}

export const faultInput = z.strictObject({
  provider: z
    .string()
    .nullish()
    .refine((value) => value == null || value === '*' || isProviderId(value), 'one of polar, conekta, stripe, fungies'),
  operation: z.string().nullish(),
  kind: z.enum([...REQUEST_FAULTS, ...WEBHOOK_FAULTS]),
  rate: z.number().min(0).max(1).nullish(),
  times: z.int().min(1).nullish(),
  latency_ms: z.number().min(0).nullish(),
  status: z.int().min(400).max(599).nullish(),
  retry_after_s: z.number().min(0).nullish(),
  when: faultConditions.nullish(),
  seed: z.int().nullish(),
});

export interface Faults {
  add(input: z.infer<typeof faultInput>): Fault;
  list(): Fault[];
  remove(id: string): boolean;
  clear(): void;
  /** The faults that strike this request, drawn by rate and counted down. */
  drawRequest(provider: ProviderId, operations: readonly string[], subject: FaultSubject): Fault[];
  drawWebhook(provider: ProviderId, eventType: string, subject: FaultSubject): Fault[];
}

function withoutState({ randomState: _state, fitted: _fitted, ...fault }: StoredFault): Fault {
  return fault;
}

export function createFaults(store: Store, defaultSeed: number): Faults {
  const stored = store.collection<StoredFault>('sandbox/faults');
  // Written by a sandbox that knew no conditions.
  for (const fault of stored.all()) Object.assign(fault, { when: fault.when ?? null, fitted: fault.fitted ?? 0 });

  function strikes(fault: StoredFault): boolean {
    fault.fitted += 1;
    const nth = fault.when?.nth;
    const isTurn = nth === undefined || fault.fitted === nth;
    const drawn = nextRandom(fault.randomState);
    if (isTurn) fault.randomState = drawn.state;
    const hit = isTurn && drawn.value < fault.rate;
    if (hit) {
      fault.hits += 1;
      if (fault.times !== null) fault.times -= 1;
    }
    if (fault.times === 0 || (nth !== undefined && isTurn)) stored.remove(fault.id);
    else stored.put(fault);
    return hit;
  }

  function draw(
    kinds: readonly string[],
    provider: ProviderId,
    names: readonly string[],
    subject: FaultSubject,
  ): Fault[] {
    if (stored.size === 0) return [];
    return stored
      .all()
      .filter((fault) => kinds.includes(fault.kind))
      .filter((fault) => fault.provider === null || fault.provider === provider)
      .filter((fault) => fault.operation === null || names.includes(fault.operation))
      .filter((fault) => fits(fault.when, subject))
      .filter(strikes)
      .map(withoutState);
  }

  return {
    add(input) {
      const seed = input.seed ?? defaultSeed;
      const fault: StoredFault = {
        id: `fault_${hex(16)}`,
        provider: isProviderId(input.provider) ? input.provider : null,
        operation: input.operation ?? null,
        kind: input.kind,
        rate: input.rate ?? 1,
        times: input.times ?? null,
        latency_ms: input.latency_ms ?? null,
        status: input.status ?? null,
        retry_after_s: input.retry_after_s ?? null,
        when: input.when ?? null,
        seed,
        hits: 0,
        randomState: seed | 0,
        fitted: 0,
      };
      stored.put(fault);
      return withoutState(fault);
    },
    list: () => stored.all().map(withoutState),
    remove(id) {
      const known = stored.get(id) !== undefined;
      stored.remove(id);
      return known;
    },
    clear: () => stored.all().forEach((fault) => stored.remove(fault.id)),
    drawRequest: (provider, operations, subject) => draw(REQUEST_FAULTS, provider, operations, subject),
    drawWebhook: (provider, eventType, subject) => draw(WEBHOOK_FAULTS, provider, [eventType], subject),
  };
}
