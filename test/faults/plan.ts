import { createRandom } from '../../bench/load/random.ts';
import { markets, type Market } from '../../bench/clients/billing.ts';
import { drawStorms, type FaultPhase } from './storms.ts';

/** What a buyer does with the page. */
export const behaviours = [
  'pays',
  'pays at the second try',
  'pays in two tabs',
  'pays after the end',
  'pays a voucher',
  'keeps a voucher',
  'ends it',
  'leaves',
] as const;
export type Behaviour = (typeof behaviours)[number];

/** When the session whose address nobody was given is paid too, where a call left one behind. */
export type StrayPayment = 'never' | 'before' | 'after' | 'instead';

export interface BuyerPlan {
  readonly key: string;
  /** From the run's start. */
  readonly afterMs: number;
  readonly thinksMs: number;
  readonly market: Market;
  readonly product: 'starter-kit' | 'pro';
  readonly organizationId: string;
  readonly behaviour: Behaviour;
  readonly paysStray: StrayPayment;
  /** The shop gives its first request up after this and sends it again with the same key; null: it waits. */
  readonly givesUpAfterMs: number | null;
}

/** Ours that die; PostgreSQL, Temporal and the providers stay. */
export const victims = ['worker', 'api', 'relay'] as const;
export type Victim = (typeof victims)[number];

export interface Kill {
  readonly victim: Victim;
  readonly atMs: number;
}

export interface FaultPlan {
  readonly buyers: readonly BuyerPlan[];
  readonly storms: readonly FaultPhase[];
  readonly kills: readonly Kill[];
  /** From the first arrival to the last, and of the faults. */
  readonly lengthMs: number;
}

export interface Dose {
  readonly seed: number;
  readonly checkouts: number;
  readonly ratePerSecond: number;
}

/** Means between two kills of one process. */
const killGapMs: Readonly<Record<Victim, number>> = { worker: 25_000, api: 40_000, relay: 30_000 };

/** Everything that chance decides in a run, from its seed alone: who buys what, what breaks, who dies. */
export function drawPlan({ seed, checkouts, ratePerSecond }: Dose): FaultPlan {
  const lengthMs = Math.ceil((checkouts / ratePerSecond) * 1_000);
  const random = createRandom(seed);
  return {
    buyers: Array.from({ length: checkouts }, (_, index) => drawBuyer(seed, index, ratePerSecond, random)),
    storms: drawStorms(lengthMs, createRandom(seed + 1)),
    kills: drawKills(lengthMs, createRandom(seed + 2)),
    lengthMs,
  };
}

function drawBuyer(seed: number, index: number, ratePerSecond: number, random: () => number): BuyerPlan {
  const market = pick(markets, random);
  const isSubscription = random() < 0.25;
  return {
    key: `faults-${seed}-${index}`,
    afterMs: Math.round(((index + random()) / ratePerSecond) * 1_000),
    thinksMs: Math.round(200 + random() * 2_500),
    market,
    product: isSubscription ? 'pro' : 'starter-kit',
    // Few organizations buy kits, so that a customer is often made by two checkouts at once; one subscribes once.
    organizationId: isSubscription ? `sub_${seed}_${index}` : `kit_${market.country.toLowerCase()}_${index % 23}`,
    behaviour: drawBehaviour(random(), isSubscription || market.country !== voucherCountry),
    paysStray: drawStrayPayment(random()),
    givesUpAfterMs: random() < 0.12 ? Math.round(20 + random() * 400) : null,
  };
}

const voucherCountry = 'MX';

function drawBehaviour(drawn: number, isCardOnly: boolean): Behaviour {
  if (drawn < 0.55) return 'pays';
  if (drawn < 0.65) return 'pays at the second try';
  if (drawn < 0.72) return 'pays in two tabs';
  if (drawn < 0.78) return 'pays after the end';
  if (drawn < 0.86) return isCardOnly ? 'pays' : 'pays a voucher';
  if (drawn < 0.89) return isCardOnly ? 'leaves' : 'keeps a voucher';
  return drawn < 0.96 ? 'ends it' : 'leaves';
}

function drawStrayPayment(drawn: number): StrayPayment {
  if (drawn < 0.5) return 'never';
  if (drawn < 0.65) return 'before';
  return drawn < 0.85 ? 'after' : 'instead';
}

export function drawKills(lengthMs: number, random: () => number): readonly Kill[] {
  return victims
    .flatMap((victim) => {
      const rounds = Math.max(1, Math.floor(lengthMs / killGapMs[victim]));
      const gapMs = lengthMs / rounds;
      return Array.from({ length: rounds }, (_, round) => ({ victim, atMs: Math.round((round + random()) * gapMs) }));
    })
    .toSorted((one, other) => one.atMs - other.atMs);
}

export function pick<T>(from: readonly T[], random: () => number): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}
