import { listItemsBeside, markReplacing, replaceItem, type SendItem } from '../db/queries/usage-items.ts';
import { nameThere, planCorrection } from '../domain/usage/item-step.ts';
import { callKey } from './call-key.ts';
import { nothingMoved, refusalCode, settle, sumOf, type Moved, type UsageDesk } from './usage-desk.ts';

/**
 * Corrections at a provider that takes no less than nothing: what was told last of the same bucket is taken back, and the
 * correction is told as what is left of both. Which one it takes the place of is written before the call, so that the same
 * call again takes back the same.
 */
export async function correctUsage(desk: UsageDesk, items: readonly SendItem[]): Promise<Moved> {
  let all = nothingMoved;
  for (const item of items) all = sumOf(all, await correct(desk, item));
  return all;
}

async function correct(desk: UsageDesk, item: SendItem): Promise<Moved> {
  const beside = await listItemsBeside(desk.em(), desk.scope, item);
  const begun = beside.find(({ id, status }) => id === item.replaces && status === 'reported');
  if (begun) return takeBack(desk, item, begun);
  const plan = planCorrection(beside);
  switch (plan.act) {
    case 'wait':
      return nothingMoved;
    case 'refuse':
      return settle(desk, [{ item, status: 'rejected', code: plan.code }]);
    case 'cancel': {
      const replaced = beside.find(({ id }) => id === plan.id);
      if (!replaced || !(await markReplacing(desk.em(), item, replaced))) return nothingMoved;
      return takeBack(desk, item, replaced);
    }
  }
}

async function takeBack(desk: UsageDesk, item: SendItem, replaced: SendItem): Promise<Moved> {
  const answer = await cancel(desk, replaced);
  if (answer !== 'canceled') return settle(desk, [{ item, status: 'rejected', code: answer }]);
  await replaceItem(desk.em(), item, replaced);
  return { ...nothingMoved, moved: 1 };
}

/** @returns the code of the refusal, where it is one. @throws {BillingError} `unavailable`, `rate_limited`: the same again */
async function cancel(desk: UsageDesk, item: SendItem): Promise<string> {
  const { projectId, provider } = desk.scope;
  const eventId = nameThere(item);
  try {
    const answer = await desk.usage.cancel?.({
      ...{ eventId, eventName: item.meterKey },
      idempotencyKey: callKey({ projectId, operation: 'usage.cancel', businessId: eventId, provider }),
    });
    return answer === 'canceled' ? answer : 'correction_too_late';
  } catch (error) {
    const code = refusalCode(error);
    if (code === null) throw error;
    return code;
  }
}
