import { listItemsBetween, type ItemOutcome, type SendItem } from '../db/queries/usage-items.ts';
import { plus } from '../domain/usage/decimal.ts';
import { nextStep, settleUnknown } from '../domain/usage/item-step.ts';
import { hourMs, hourOf } from '../domain/usage/meter.ts';
import { providerMeterOf } from './provider-meter.ts';
import { openReview } from './open-review.ts';
import { nothingMoved, settle, sumOf, type Moved, type UsageDesk } from './usage-desk.ts';

/**
 * Items that may be at the provider, which has forgotten their names by now: told again they could count twice. What it
 * has of the customer, meter and hour says which of them are there.
 */
export async function askUsage(desk: UsageDesk, items: readonly SendItem[]): Promise<Moved> {
  let all = nothingMoved;
  const hours = Map.groupBy(items, (item) =>
    JSON.stringify([item.organizationId, item.meterId, item.providerCustomerId, hourOf(item.occurredAtMs)]),
  );
  for (const [first] of hours.values()) if (first) all = sumOf(all, await askAbout(desk, first));
  return all;
}

/** Looks at everything of the hour that the item is of. */
async function askAbout(desk: UsageDesk, item: SendItem): Promise<Moved> {
  const { organizationId, meterId, providerCustomerId } = item;
  const fromMs = hourOf(item.occurredAtMs);
  const whose = { organizationId, meterId, providerCustomerId, fromMs, toMs: fromMs + hourMs };
  const beside = await listItemsBetween(desk.em(), desk.scope, whose);
  const nowMs = Date.now();
  const steps = beside.map((each) => ({ each, step: nextStep(each, desk.usage.limits, nowMs) }));
  // One that is on its way may arrive between the question and the answer: first it is told to its end.
  if (steps.some(({ each, step }) => each.status === 'sending' && step === 'send')) return nothingMoved;
  const unknown = steps.filter(({ step }) => step === 'ask').map(({ each }) => each);
  const reported = beside
    .filter(({ status }) => status === 'reported')
    .reduce((total, { quantity }) => plus(total, quantity), '0');
  const theirs = await desk.usage.quantity({
    providerMeterId: await providerMeterOf(desk.em(), desk.usage, { ...desk.scope, meterId }),
    providerCustomerId,
    ...hoursOf(whose),
  });
  const there = settleUnknown({ reported, unknown, theirs });
  if (there === null) return askPerson(desk, unknown, { hour: new Date(fromMs).toISOString(), reported, theirs });
  return settle(
    desk,
    unknown.map((each): ItemOutcome =>
      there.has(each.id)
        ? { item: each, status: 'reported' }
        : // Received and refused without a word, its name would be spent.
          { item: each, status: 'pending', isRenamed: true },
    ),
  );
}

/** The provider's answer fits nothing: the items stay unknown, and are asked about again with the next report. */
async function askPerson(
  desk: UsageDesk,
  unknown: readonly SendItem[],
  evidence: { readonly hour: string; readonly reported: string; readonly theirs: string },
): Promise<Moved> {
  const { projectId, live, provider } = desk.scope;
  await desk.em().transactional(async (tx) => {
    for (const { id, organizationId, meterKey, quantity, attempts } of unknown)
      await openReview(tx, {
        ...{ projectId, live, provider, organizationId, kind: 'usage_unclear', cause: `usage_item:${id}` },
        ...{ entityKind: 'usage_item', entityId: id },
        summary:
          'Usage was sent, the answer was lost, and what the provider has of the hour fits neither with it nor without it. ' +
          'Put the meter right there: the next report asks again.',
        evidence: { ...evidence, meter: meterKey, quantity, attempts },
      });
  });
  const kept = await settle(
    desk,
    unknown.map((item) => ({ item, status: 'unknown' })),
  );
  return { ...kept, moved: 0 };
}

/**
 * The hours between two instants, as providers are asked for them. Some take the end as within, all know minutes at least.
 */
export function hoursOf({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }) {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs - 1).toISOString() };
}
