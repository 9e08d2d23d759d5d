import { isoOf, parse } from '../calendar/calendar.ts';
import { periodAt, periodOf } from '../calendar/period.ts';
import { ruleFrom, spansOf, type ChargeRole, type ChargeSpan } from './charge-spans.ts';
import type { ChargeEvidence, ProofRules, SubscriptionEvidence } from './evidence.ts';

/**
 * What a stretch of time came to, worst first.
 *
 * - `gap`: a subscription ran, and nothing covers it. `overlap`: more than one charge does.
 * - `unpaid`: its provider has asked for the money and not got it. `refunded`: paid, and all of it given back.
 * - `awaited`: its charge may still come. `paused`, `free`: nothing was due. `charged`: exactly one charge covers it.
 */
export const periodStates = ['gap', 'overlap', 'unpaid', 'refunded', 'awaited', 'paused', 'free', 'charged'] as const;
export type PeriodState = (typeof periodStates)[number];

/**
 * A line's worst state, worst first. `unproven`: not all of its evidence could be read, or placed; `nothing_due`: no
 * period of it is in the window.
 */
export const proofVerdicts = [
  'gap',
  'overlap',
  'unproven',
  'unpaid',
  'refunded',
  'awaited',
  'paused',
  'free',
  'charged',
  'nothing_due',
] as const;
export type ProofVerdict = (typeof proofVerdicts)[number];

export interface ProvenPeriod {
  readonly start: string;
  readonly end: string;
  readonly state: PeriodState;
  /** The charges that cover it (one where it is `charged`), or those that would. */
  readonly chargeIds: readonly string[];
}

/** A charge and how it counts; `outside`: all of its time is before the window. */
export interface CountedCharge {
  readonly charge: ChargeEvidence;
  readonly counts: ChargeRole | 'outside' | 'unplaced';
}

export interface Covering {
  readonly verdict: ProofVerdict;
  /** Oldest first, without holes from the first to the last, but for time in which nothing ran. */
  readonly periods: readonly ProvenPeriod[];
  /** The longest time between two of them that is taken for one boundary. */
  readonly seamSeconds: number;
  /** Every charge once, oldest first. */
  readonly charges: readonly CountedCharge[];
}

const minuteMs = 60_000;

/**
 * Says of the subscriptions that one right to charge went through which single charge covers each of its periods.
 *
 * Time is cut wherever a charge's begins or ends. It begins with the first charge in the window, or the period that the
 * inventory saw, and ends where the last subscription ends, or with `asOf`; what is paid beyond is told in full.
 */
export function coverPeriods(subscriptions: readonly SubscriptionEvidence[], rules: ProofRules): Covering {
  const toleranceMs = rules.toleranceMinutes * minuteMs;
  const all = onceEach(subscriptions).flatMap((each) => spansOf(each, toleranceMs));
  const fromMs = parse(rules.from);
  const spans = all.filter(({ span }) => span !== null && span.toMs > fromMs + toleranceMs);
  const scene = sceneOf(subscriptions, spans, rules);
  const periods = scene === null ? [] : merge(cut(scene).map((piece) => judge(piece, scene)));
  const charges = all.map((each) => ({ charge: each.charge, counts: countOf(each, spans) }));
  const isLost = charges.some(({ counts }) => counts === 'unplaced');
  const seamSeconds = scene === null ? 0 : Math.round(longestSeamMs(scene) / 1_000);
  return { verdict: verdictOf(periods, isLost), periods, seamSeconds, charges };
}

/** @param isPartial Some evidence is missing: an overlap stands all the same, while a gap may be none. */
export function verdictOf(periods: readonly Pick<ProvenPeriod, 'state'>[], isPartial: boolean): ProofVerdict {
  const has = (verdict: ProofVerdict) => periods.some(({ state }) => state === verdict);
  if (isPartial) return has('overlap') ? 'overlap' : 'unproven';
  return proofVerdicts.find(has) ?? 'nothing_due';
}

/** Pages that shift while they are read tell a charge twice. */
function onceEach(subscriptions: readonly SubscriptionEvidence[]): readonly SubscriptionEvidence[] {
  const seen = new Set<string>();
  return subscriptions.map((each) => ({
    ...each,
    charges: each.charges.filter(({ provider, chargeId }) => {
      const key = `${provider}/${chargeId}`;
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    }),
  }));
}

function countOf(each: ChargeSpan, spans: readonly ChargeSpan[]): CountedCharge['counts'] {
  if (each.role === 'trial' || each.role === 'beside') return each.role;
  if (each.span === null) return each.role === 'covers' ? 'unplaced' : each.role;
  return spans.includes(each) ? each.role : 'outside';
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Claim extends Stretch {
  readonly role: ChargeRole | 'given';
  readonly chargeId: string | null;
  readonly side: Side;
}

type Side = SubscriptionEvidence['side'];

/** Told boundaries that are one are cut once. */
interface Scene {
  readonly subscriptions: readonly SubscriptionEvidence[];
  readonly claims: readonly Claim[];
  readonly begunMs: number;
  /** From here on nothing need cover. */
  readonly dueMs: number;
  readonly asOfMs: number;
  readonly graceMs: number;
  /** What claims there are as they were told. */
  readonly told: readonly Claim[];
}

/** null: nothing in the window tells of any time. */
function sceneOf(
  subscriptions: readonly SubscriptionEvidence[],
  spans: readonly ChargeSpan[],
  rules: ProofRules,
): Scene | null {
  const [fromMs, asOfMs] = [parse(rules.from), parse(rules.asOf)];
  const given = subscriptions.flatMap(({ side, trial }) => (side === 'old' && trial !== null ? [trial] : []));
  const told = subscriptions.flatMap(({ side, periods }) => (side === 'old' ? periods : []));
  const inWindow = [...told, ...given]
    .map(({ start, end }) => ({ fromMs: parse(start), toMs: parse(end) }))
    .filter(({ toMs }) => toMs > fromMs);
  const claimed = spans.filter(({ role }) => role !== 'trial');
  const begun = [...inWindow.map((each) => each.fromMs), ...claimed.map(({ span }) => span?.fromMs ?? asOfMs)];
  if (begun.length === 0) return null;
  const lasts = subscriptions.map(({ side, endsAt }) => ({ side, ms: endsAt === null ? asOfMs : parse(endsAt) }));
  const lastMs = Math.max(...lasts.map(({ ms }) => ms));
  const dueMs = Math.min(lastMs, asOfMs);
  const raw: Claim[] = [
    ...claimed.map(({ span, role, charge, side }) => ({
      ...{ fromMs: span?.fromMs ?? 0, toMs: span?.toMs ?? 0, role, chargeId: charge.chargeId, side },
    })),
    ...given.map(({ start, end }) => ({
      ...{ fromMs: parse(start), toMs: parse(end), role: 'given' as const, chargeId: null, side: 'old' as const },
    })),
  ];
  const begunMs = Math.min(...begun);
  const edges: readonly Edge[] = [
    ...raw.flatMap(({ fromMs: start, toMs: end, side }) => [start, end].map((ms) => ({ ms, side }))),
    { ms: begunMs, side: raw.find(({ fromMs: start }) => start === begunMs)?.side ?? 'old' },
    ...lasts.filter(({ ms }) => ms === lastMs).slice(0, 1),
  ];
  const snap = createSnap(edges, rules);
  const claims = raw.map((claim) => ({
    ...{ ...claim, fromMs: snap(claim.fromMs, claim.side), toMs: snap(claim.toMs, claim.side) },
  }));
  const lastSide = lasts.find(({ ms }) => ms === lastMs)?.side ?? 'old';
  const graceMs = rules.graceMinutes * minuteMs;
  return {
    ...{ subscriptions, claims, asOfMs, graceMs, told: raw },
    ...{ begunMs: snap(begunMs, edges.find(({ ms }) => ms === begunMs)?.side ?? 'old'), dueMs: snap(dueMs, lastSide) },
  };
}

interface Edge {
  readonly ms: number;
  readonly side: Side;
}

/** Edges within the tolerance of an earlier one are that one; of the other side, within what a handover may differ by. */
function createSnap(
  edges: readonly Edge[],
  { toleranceMinutes, handoverSeconds }: ProofRules,
): (ms: number, side: Side) => number {
  const kept: { readonly ms: number; readonly sides: Set<Side> }[] = [];
  const withinMs = (sides: ReadonlySet<Side>, side: Side) =>
    sides.has(side) ? toleranceMinutes * minuteMs : handoverSeconds * 1_000;
  const find = (ms: number, side: Side) =>
    kept.findLast((edge) => edge.ms <= ms && ms - edge.ms <= withinMs(edge.sides, side));
  for (const { ms, side } of edges.toSorted((one, other) => one.ms - other.ms)) {
    const near = find(ms, side);
    if (near === undefined) kept.push({ ms, sides: new Set([side]) });
    else near.sides.add(side);
  }
  return (ms, side) => find(ms, side)?.ms ?? ms;
}

/** The longest time that nothing told covers, though it is cut as if something did. */
function longestSeamMs({ told, claims }: Scene): number {
  const order = told
    .map((claim, index) => ({
      ...claim,
      cutMs: claims[index]?.fromMs ?? claim.fromMs,
      cutEndMs: claims[index]?.toMs ?? 0,
    }))
    .filter(({ role }) => role === 'covers' || role === 'given')
    .toSorted((one, other) => one.fromMs - other.fromMs);
  let [longestMs, coveredMs, cutMs] = [0, order[0]?.fromMs ?? 0, order[0]?.cutMs ?? 0];
  for (const { fromMs, toMs, cutMs: start, cutEndMs } of order) {
    if (fromMs > coveredMs && start <= cutMs) longestMs = Math.max(longestMs, fromMs - coveredMs);
    [coveredMs, cutMs] = [Math.max(coveredMs, toMs), Math.max(cutMs, cutEndMs)];
  }
  return longestMs;
}

/** Cuts time at every edge; what nothing covers is cut by the calendar too, so that each missing charge is a line. */
function cut({ claims, begunMs, dueMs, subscriptions }: Scene): readonly Stretch[] {
  const edges = [...new Set([...claims.flatMap(({ fromMs, toMs }) => [fromMs, toMs]), begunMs, dueMs])]
    .filter((edge) => edge >= begunMs)
    .toSorted((a, b) => a - b);
  const interval = subscriptions.find((each) => each.interval !== null)?.interval ?? null;
  return edges.slice(0, -1).flatMap((fromMs, index) => {
    const toMs = edges[index + 1] ?? fromMs;
    const isCovered = claims.some((claim) => claim.fromMs <= fromMs && claim.toMs >= toMs);
    return isCovered || interval === null ? [{ fromMs, toMs }] : byCalendar({ fromMs, toMs }, interval);
  });
}

function byCalendar({ fromMs, toMs }: Stretch, interval: 'month' | 'year'): readonly Stretch[] {
  const first = isoOf(fromMs);
  const rule = ruleFrom({ start: first, end: isoOf(toMs) }, interval);
  const pieces: Stretch[] = [];
  for (let { index } = periodAt(rule, first); ; index += 1) {
    const { start, end } = periodOf({ ...rule, index });
    if (parse(start) >= toMs) return pieces;
    pieces.push({ fromMs: parse(start), toMs: Math.min(parse(end), toMs) });
  }
}

interface Judged extends Stretch {
  /** null: nothing ran then. */
  readonly state: PeriodState | null;
  readonly chargeIds: readonly string[];
}

function judge(piece: Stretch, scene: Scene): Judged {
  const here = scene.claims.filter(({ fromMs, toMs }) => fromMs <= piece.fromMs && toMs >= piece.toMs);
  const idsOf = (role: Claim['role']) =>
    here.filter((claim) => claim.role === role).flatMap(({ chargeId }) => chargeId ?? []);
  const told = (state: PeriodState, chargeIds: readonly string[]) => ({ ...piece, state, chargeIds });
  const covering = idsOf('covers');
  if (covering.length > 1) return told('overlap', covering);
  if (covering.length === 1) return told('charged', covering);
  if (here.some(({ role }) => role === 'given')) return told('free', idsOf('free'));
  const beside = idsOf('beside');
  if (beside.length > 0) return told('charged', beside.slice(0, 1));
  for (const [role, state] of [['free', 'free'] as const, ['refunded', 'refunded'] as const]) {
    const ids = idsOf(role);
    if (ids.length > 0) return told(state, ids);
  }
  if (piece.fromMs >= scene.dueMs) return { ...piece, state: null, chargeIds: [] };
  const owed = idsOf('owed');
  return told(owed.length > 0 ? 'unpaid' : uncovered(piece, scene), owed);
}

/** Why nothing covers a stretch. */
function uncovered({ fromMs }: Stretch, { subscriptions, claims, asOfMs, graceMs }: Scene): PeriodState {
  const isLast = !claims.some((claim) => claim.role === 'covers' && claim.fromMs >= fromMs);
  const running = subscriptions.filter(({ endsAt }) => endsAt === null || parse(endsAt) > fromMs);
  if (running.some(({ pausedAt }) => pausedAt !== null && parse(pausedAt) <= fromMs)) return 'paused';
  if (isLast && running.some(({ status }) => status === 'past_due' || status === 'incomplete')) return 'unpaid';
  return isLast && asOfMs - fromMs < graceMs ? 'awaited' : 'gap';
}

/** Neighbours of the same state by the same charges are one period; uncovered ones stay as the calendar cut them. */
function merge(pieces: readonly Judged[]): readonly ProvenPeriod[] {
  const merged: Judged[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    const isSame =
      last?.toMs === piece.fromMs &&
      last.state === piece.state &&
      piece.chargeIds.length > 0 &&
      last.chargeIds.join('\n') === piece.chargeIds.join('\n');
    if (isSame) merged.splice(-1, 1, { ...last, toMs: piece.toMs });
    else merged.push(piece);
  }
  return merged.flatMap(({ fromMs, toMs, state, chargeIds }) =>
    state === null ? [] : [{ start: isoOf(fromMs), end: isoOf(toMs), state, chargeIds }],
  );
}
