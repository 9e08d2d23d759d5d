import type { FaultInput } from '../../bench/clients/sandbox.ts';

/** One fault of the simulator, from when to when. */
export interface FaultPhase {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fault: FaultInput;
}

type Draw = () => number;
type Kind = (random: Draw) => Omit<FaultInput, 'provider' | 'seed'>;

/** What may strike and whom, the likelier the more often it stands there. `provider` null: all at once. */
export interface Weather {
  readonly places: readonly (string | null)[];
  /** `rate` absent: drawn. */
  readonly kinds: readonly Kind[];
  /** In one storm; up to three more may come. */
  readonly leastFaults: number;
}

/** A fault of one of these operations; null: of any. */
export function kindOfCall(kind: string, operations: readonly (string | null)[], more: Partial<FaultInput> = {}): Kind {
  return (random) => ({ kind, operation: operations[Math.floor(random() * operations.length)] ?? null, ...more });
}

export const webhookKinds: readonly Kind[] = [
  () => ({ kind: 'webhook_lost' }),
  () => ({ kind: 'webhook_lost', rate: 1 }),
  () => ({ kind: 'webhook_duplicate' }),
  (random) => ({ kind: 'webhook_late', latency_ms: Math.round(1_000 + random() * 9_000) }),
  () => ({ kind: 'webhook_reordered' }),
];

/** What a call is for; opening comes often, for it is what may leave something behind. */
const operations: readonly (string | null)[] = [
  ...['checkouts.create', 'checkouts.create', 'checkouts.create', 'checkouts.get', 'checkouts.list'],
  ...['checkouts.expire', 'customers.create', 'orders.get', 'orders.cancel', 'refunds.create', null],
];

const ofCalls = (kind: string, more: Partial<FaultInput> = {}): Kind => kindOfCall(kind, operations, more);

const checkoutWeather: Weather = {
  leastFaults: 2,
  // Providers that the default policy uses, and all at once.
  places: ['polar', 'conekta', 'stripe', 'stripe', null],
  kinds: [
    ofCalls('timeout_after_work'),
    (random) => ({ ...ofCalls('timeout_after_work')(random), operation: 'checkouts.create' }),
    (random) => ({ ...ofCalls('timeout_after_work')(random), operation: 'refunds.create' }),
    ofCalls('timeout_before_work'),
    ofCalls('reset'),
    ofCalls('status', { status: 500 }),
    ofCalls('status', { status: 503, rate: 1 }),
    ofCalls('rate_limited', { retry_after_s: 1 }),
    ofCalls('malformed'),
    (random) => ({ ...ofCalls('malformed')(random), operation: 'checkouts.create' }),
    (random) => ({ ...ofCalls('latency')(random), latency_ms: Math.round(100 + random() * 1_500) }),
    ...webhookKinds,
  ],
};

/**
 * Storms of faults that overlap, with quiet between them, from the start to `lengthMs`.
 *
 * @param random Decides everything.
 */
export function drawStorms(lengthMs: number, random: Draw, weather = checkoutWeather): readonly FaultPhase[] {
  const phases: FaultPhase[] = [];
  for (let fromMs = 500; fromMs < lengthMs;) {
    const stormMs = 6_000 + random() * 12_000;
    const faults = weather.leastFaults + Math.floor(random() * 4);
    for (let count = 0; count < faults; count += 1) {
      const beginsMs = Math.round(fromMs + random() * stormMs * 0.5);
      const toMs = Math.round(Math.min(lengthMs, beginsMs + stormMs * (0.3 + random() * 0.5)));
      if (toMs > beginsMs) phases.push({ fromMs: beginsMs, toMs, fault: drawFault(random, weather) });
    }
    fromMs += stormMs + 1_500 + random() * 4_000;
  }
  return phases.toSorted((one, other) => one.fromMs - other.fromMs);
}

function drawFault(random: Draw, { kinds, places }: Weather): FaultInput {
  const kind = kinds[Math.floor(random() * kinds.length)];
  if (kind === undefined) throw new Error('no kind of fault was drawn');
  const drawn = kind(random);
  const provider = places[Math.floor(random() * places.length)] ?? null;
  const rate = drawn.rate ?? Math.round((0.2 + random() * 0.7) * 100) / 100;
  return { ...drawn, provider, rate, seed: Math.floor(random() * 1_000_000_000) };
}
