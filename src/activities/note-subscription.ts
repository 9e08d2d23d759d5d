import { ProjectEntity } from '../db/entities/project.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { planGrants } from '../db/queries/plan-grants.ts';
import { listPlanKeys } from '../db/queries/plans.ts';
import type { Surroundings } from '../db/queries/subscription-surroundings.ts';
import { listPendingChanges, listScheduledPauses } from '../db/queries/subscription-changes.ts';
import type { EventType } from '../domain/events.ts';
import { defaultLifecyclePolicy, type LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { presentSubscription } from '../present/subscription.ts';
import { closeChanges } from './close-changes.ts';
import { recordEvents } from './record-event.ts';
import { writeSubscriptionEntitlement } from './write-entitlement.ts';

/** What a change of the row is told as, and by whom it came. */
export interface SubscriptionNews {
  readonly type: EventType;
  /** Makes the event one of a kind: a period's start, a change's id; default: the row's version. */
  readonly cause?: string;
  readonly actor: string;
  /** One readable clause, without personal data. */
  readonly detail: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/**
 * Everything that follows from a changed row, in its transaction: audit entries, the app's events and the entitlement.
 * Call it once per change, with the row as it shall be.
 *
 * @param around What stands around the row, where that is known; null: it is read.
 */
export async function noteSubscription(
  tx: Db,
  row: Subscription,
  news: readonly SubscriptionNews[],
  around: Surroundings | null = null,
): Promise<void> {
  const { projectId, live, organizationId } = row;
  await tx.flush(); // the row's new version and foreign keys
  if (around?.hasOpenChanges !== false || isOver(row.status)) {
    await closeChanges(tx, row);
    await tx.flush();
  }
  const policy = around?.policy ?? (await lifecyclePolicyOf(tx, projectId));
  const isRowDisputed = () => isDisputed(tx, row);
  const { isAllowed, isNew } = await writeSubscriptionEntitlement(tx, row, policy, isRowDisputed, around);
  if (isNew) await planGrants(tx, { ...row, sourceKind: 'subscription', sourceId: row.id });
  if (news.length === 0) return;
  const { planKeys, pending, pause } = await readShown(tx, row, around);
  // What the customer must do holds secrets: it is read, not told.
  const data = presentSubscription({ ...row, nextStep: null, isEntitled: isAllowed }, planKeys, pending, pause);
  await recordEvents(
    tx,
    news.map((each) => ({
      ...{ projectId, live, organizationId, type: each.type, objectKind: 'subscription', objectId: row.id },
      ...{ cause: each.cause ?? row.version, data },
    })),
    news.map((each) => ({
      ...{ projectId, live, actor: each.actor, action: each.type, entityKind: 'subscription', entityId: row.id },
      detail: each.detail,
      ...(each.before && { before: each.before }),
      ...(each.after && { after: each.after }),
    })),
  );
}

/** What is shown of a subscription beside its row. */
async function readShown(tx: Db, row: Subscription, around: Surroundings | null) {
  const isAsked = around?.hasOpenChanges !== false;
  const pending = isAsked ? ((await listPendingChanges(tx, [row.id])).get(row.id) ?? null) : null;
  const pause = isAsked ? ((await listScheduledPauses(tx, [row.id])).get(row.id) ?? null) : null;
  if (!isAsked && around?.plan?.id === row.planId)
    return { planKeys: new Map([[row.planId, around.plan.key]]), pending, pause };
  const planIds = [row.planId, pending?.planId].filter((id) => id != null);
  return { planKeys: await listPlanKeys(tx, row.projectId, planIds), pending, pause };
}

export async function lifecyclePolicyOf(em: Db, projectId: string): Promise<LifecyclePolicy> {
  const project = await em.findOneOrFail(ProjectEntity, { id: projectId });
  return { ...defaultLifecyclePolicy, ...project.lifecyclePolicy };
}

/**
 * Whether a bank is asking back what was paid for it, or has taken it back and nothing was paid since: whoever pays again
 * after a lost dispute has what it pays for.
 */
async function isDisputed(em: Db, row: Subscription): Promise<boolean> {
  const [{ disputed } = { disputed: false }] = await em.execute<{ disputed: boolean }[]>(
    `select exists (
       select from payments payment join disputes dispute on dispute.payment_id = payment.id
       where payment.project_id = ? and payment.subscription_id = ?
         and (dispute.status in ('needs_response', 'under_review')
           or dispute.status = 'lost' and not exists (
             select from payments later where later.project_id = payment.project_id
               and later.subscription_id = payment.subscription_id and later.status = 'succeeded'
               and later.paid_at > dispute.disputed_at))) as disputed`,
    [row.projectId, row.id],
  );
  return disputed;
}
