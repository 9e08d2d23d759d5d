import { setTimeout as sleep } from 'node:timers/promises';
import { listOpenItems, type SendItem } from '../db/queries/usage-items.ts';
import { nextStep, type ItemStep } from '../domain/usage/item-step.ts';
import { askUsage } from './ask-usage.ts';
import { findUsageReport, type UsageReportRef } from './begin-usage-report.ts';
import { correctUsage } from './correct-usage.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';
import { settleZeros, tellUsage } from './tell-usage.ts';
import { nothingMoved, sumOf, type Moved, type UsageDesk } from './usage-desk.ts';

export interface SendUsageInput extends UsageReportRef {
  readonly provider: string;
  /** What the call before answered; null: a round begins. */
  readonly cursor: string | null;
}

/** What one batch came to. Counts of items. */
export interface SentUsage extends Moved {
  /** Where the round goes on; null: it is over. A round in which nothing moved is the last. */
  readonly cursor: string | null;
}

/**
 * Takes one batch of a provider's open items a step further: tells it, asks whether what may be there is there, takes back
 * what is corrected. What is about to be sent is written before, so that a lost answer is known as such, and the same call
 * again sends the same. Safe to repeat at any point.
 */
export function createSendUsage(deps: ActivityDeps) {
  return async function sendUsage(input: SendUsageInput): Promise<SentUsage> {
    const { projectId, live, provider } = input;
    const scope = { projectId, live, provider };
    const em = () => deps.orm.em.fork();
    const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, provider);
    if (!client.usage) return { ...nothingMoved, cursor: null };
    const { limits } = client.usage;
    const report = await findUsageReport(em(), input);
    const items = await listOpenItems(em(), scope, {
      ...{ after: input.cursor ?? '', limit: limits.maxBatch, askedSince: report.startedAt ?? new Date() },
    });
    const desk: UsageDesk = { em, usage: client.usage, scope, sleep };
    const done = await takeSteps(desk, items, Date.now());
    return { ...done, cursor: items.length < limits.maxBatch ? null : (items.at(-1)?.id ?? null) };
  };
}

async function takeSteps(desk: UsageDesk, items: readonly SendItem[], nowMs: number): Promise<Moved> {
  const steps = Map.groupBy(items, (item) => nextStep(item, desk.usage.limits, nowMs));
  const of = (step: ItemStep) => steps.get(step) ?? [];
  const works = [
    () => settleZeros(desk, of('settle')),
    () => tellUsage(desk, of('send')),
    () => askUsage(desk, of('ask')),
    () => correctUsage(desk, of('correct')),
  ];
  let all = nothingMoved;
  for (const work of works) all = sumOf(all, await work());
  return all;
}
