import { createRandom } from '../../bench/load/random.ts';
import { drawKills, pick, type Kill } from '../faults/plan.ts';
import { drawStorms, type FaultPhase } from '../faults/storms.ts';
import { lostCancels, migrationWeather } from './weather.ts';

/** What a subscription is at the old provider. */
export const legacyKinds = [
  'monthly',
  'yearly',
  'trial',
  'past due',
  'canceled',
  'ends',
  'refunded',
  'duplicate',
  'without e-mail',
  'a stranger’s',
  'unmapped',
] as const;
export type LegacyKind = (typeof legacyKinds)[number];

/** What a customer does once they are told. */
export const customerBehaviours = [
  'acts',
  'pays at the second try',
  'opens twice',
  'pays in two tabs',
  'acts after a reminder',
  'opens and leaves',
  'never acts',
  'acts after the deadline',
  'cancels by themselves',
  'cancels with the page open',
] as const;
export type CustomerBehaviour = (typeof customerBehaviours)[number];

export interface CustomerPlan {
  readonly index: number;
  readonly organizationId: string;
  readonly kind: LegacyKind;
  readonly behaviour: CustomerBehaviour;
  readonly country: string;
  readonly interval: 'month' | 'year';
  readonly quantity: number;
  /** Between the notice and what the customer does. */
  readonly thinksMs: number;
  /** Of the old subscription's paid time, from the seeding. */
  readonly paidForMs: number;
}

export interface MigrationDose {
  readonly seed: number;
  readonly subscriptions: number;
  /** Customers told a second. */
  readonly ratePerSecond: number;
}

export interface MigrationFaultPlan {
  readonly customers: readonly CustomerPlan[];
  readonly storms: readonly FaultPhase[];
  readonly kills: readonly Kill[];
  /** From the migration's start until the last first charge. */
  readonly lengthMs: number;
  readonly deadlineMinutes: number;
}

/** Of all, the rest being monthly. */
const shares: readonly (readonly [LegacyKind, number])[] = [
  ['yearly', 0.15],
  ['trial', 0.08],
  ['past due', 0.05],
  ['canceled', 0.04],
  ['ends', 0.04],
  ['refunded', 0.04],
  ['duplicate', 0.05],
  ['without e-mail', 0.03],
  ['a stranger’s', 0.02],
  ['unmapped', 0.02],
];

const behaviourShares: readonly (readonly [CustomerBehaviour, number])[] = [
  ['pays at the second try', 0.07],
  ['opens twice', 0.06],
  ['pays in two tabs', 0.06],
  ['acts after a reminder', 0.05],
  ['opens and leaves', 0.06],
  ['never acts', 0.12],
  ['acts after the deadline', 0.03],
  ['cancels by themselves', 0.05],
  ['cancels with the page open', 0.03],
];

/** Served by the default policy; the last by its fallback. */
const countries = ['US', 'DE', 'GB', 'FR', 'CA', 'JP', 'RU'] as const;

/** Before anybody can be told: inventory and plan. After the last is told: to think, and to be moved. */
const prepareMs = 10_000;
const prepareEachMs = 25;
const longestThoughtMs = 12_000;
const moveMs = 50_000;
/** Before a paid-through date nobody is moved any more; what is not cancelled by then waits for another period. */
export const lastCallMinutes = 1;
/** Paid-through dates are spread, so that renewals and first charges meet faults. */
const spreadMs = 20_000;
export const remindAfterMinutes = 1;

/** Everything that chance decides in a run, from its seed alone: who is at the old provider, what they do, what breaks, who dies. */
export function drawMigrationPlan(dose: MigrationDose): MigrationFaultPlan {
  const { seed, subscriptions, ratePerSecond } = dose;
  const random = createRandom(seed);
  const actsMs = prepareMs + subscriptions * prepareEachMs + (subscriptions / ratePerSecond) * 1_000;
  const paidForMs = Math.round(actsMs + longestThoughtMs + moveMs + lastCallMinutes * 60_000);
  const lengthMs = paidForMs + spreadMs + 10_000;
  const customers: CustomerPlan[] = [];
  for (let count = 0; count < subscriptions;) {
    const customer = drawCustomer(customers.length, { seed, paidForMs }, random);
    customers.push(customer);
    count += customer.kind === 'duplicate' ? 2 : 1;
  }
  return {
    customers,
    storms: [...lostCancels(lengthMs, seed), ...drawStorms(lengthMs, createRandom(seed + 1), migrationWeather)],
    kills: drawKills(lengthMs, createRandom(seed + 2)),
    lengthMs,
    // A slow machine must not make anybody late: it lasts as long as the plan.
    deadlineMinutes: Math.max(3, Math.ceil(lengthMs / 60_000)),
  };
}

function drawCustomer(
  index: number,
  { seed, paidForMs }: { readonly seed: number; readonly paidForMs: number },
  random: () => number,
): CustomerPlan {
  const kind = drawn(shares, 'monthly', random());
  return {
    index,
    organizationId: `mf_${seed}_${index}`,
    kind,
    behaviour: drawn(behaviourShares, 'acts', random()),
    country: pick(countries, random),
    interval: kind === 'yearly' || (kind === 'duplicate' && random() < 0.2) ? 'year' : 'month',
    quantity: random() < 0.1 ? 2 : 1,
    thinksMs: Math.round(500 + random() * (longestThoughtMs - 500)),
    // Whole seconds: some providers keep no more.
    paidForMs: Math.round((paidForMs + random() * spreadMs) / 1_000) * 1_000,
  };
}

function drawn<T>(table: readonly (readonly [T, number])[], rest: T, at: number): T {
  let passed = 0;
  for (const [value, share] of table) {
    passed += share;
    if (at < passed) return value;
  }
  return rest;
}
