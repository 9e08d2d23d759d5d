import type { RolloutSight } from '../activities/look-at-rollout.ts';
import type { ArmFigures } from '../domain/rollout/rollout.ts';
import { percent, points } from '../domain/rollout/words.ts';

/** How a rollout stands, with the whole reasoning, as Markdown paragraphs for the UI. */
export function describeSight({ status, place, why, look }: RolloutSight): readonly string[] {
  const head = `**${status}** at ${place}: ${why}`;
  if (look === null) return [head];
  return [
    head,
    `Last look: **${look.decision}**. ${look.because}`,
    table(look.control, look.treatment),
    evidence(look),
  ];
}

function table(control: ArmFigures, treatment: ArmFigures): string {
  const row = (name: string, of: (arm: ArmFigures) => string | number) =>
    `| ${name} | ${of(control)} | ${of(treatment)} |`;
  return [
    '| | control | treatment |',
    '| --- | --- | --- |',
    row('customers', (arm) => arm.customers),
    row('checkouts', (arm) => arm.attempts),
    row('succeeded', (arm) => arm.succeeded),
    row('failed', (arm) => arm.failed),
    row('not known yet', (arm) => arm.unknown),
    row('success rate', (arm) => share(arm.succeeded, arm.succeeded + arm.failed)),
    row('openings that failed', (arm) => `${arm.openingErrors} of ${arm.openings}`),
    row('webhook delay, median and 95th', ({ webhookDelayMs }) => times(webhookDelayMs)),
    row('checkout time, median and 95th', ({ checkoutMs }) => times(checkoutMs)),
  ].join('\n');
}

function evidence({ statistic, missing }: NonNullable<RolloutSight['look']>): string {
  const { difference, evidence: found, evidenceNeeded, lowerNeeded } = statistic;
  const apart = difference
    ? `Treatment's success rate minus control's: ${points(difference.estimate)}, surely between ${points(difference.lower)} and ${points(difference.upper)}.`
    : 'There is nothing to compare yet.';
  const asked = lowerNeeded === null ? '' : ` To go on it must surely be above ${points(lowerNeeded)}.`;
  const left = missing.length === 0 ? '' : ` Still needed: ${missing.join('; ')}.`;
  return `Evidence that treatment serves fewer: ${rounded(found)} of ${rounded(evidenceNeeded)}. ${apart}${asked}${left}`;
}

function share(part: number, whole: number): string {
  return whole === 0 ? '–' : percent(part / whole);
}

function times(of: ArmFigures['checkoutMs']): string {
  return of === null ? '–' : `${of.p50} ms, ${of.p95} ms (${of.count})`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
