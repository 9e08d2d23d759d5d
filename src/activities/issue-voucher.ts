import { InvoiceEntity } from '../db/entities/payment.ts';
import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { BillingError } from '../domain/errors.ts';
import { isAvailable } from '../domain/health/breaker.ts';
import { candidateAfter } from '../domain/subscription/direct-routing.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep, RowMoved } from './keep-in-step.ts';
import { keepVoucher, refuseVoucher } from './keep-voucher.ts';
import { leaveProvider, leavingReasonOf, type Leaving } from './leave-provider.ts';
import { orderVoucher, type OrderedVoucher } from './order-voucher.ts';
import { accountOf } from './provider-account.ts';
import { reserveVoucher, type ReservedVoucher } from './reserve-voucher.ts';
import { settleVoucherSubscription } from './settle-voucher-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';
import { asVoucherSubscription } from './voucher-invoices.ts';
import { voucherStory } from './write-voucher-life.ts';

/**
 * Issues the voucher that a subscription lacks. Safe to repeat: one that is out stays, one whose answer was lost is
 * looked for before another is asked for, and nothing is issued that is not due.
 *
 * @throws {BillingError} `outcome_unknown` and others of kind `unavailable`, `rate_limited`: the same again, later
 */
export function createIssueVoucher(deps: ActivityDeps) {
  return function issueVoucher(ref: SubscriptionRef): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, subscriptionId: id } = ref;
      const read = await em.findOneOrFail(SubscriptionEntity, { id, projectId, live });
      // Money that came meanwhile decides what is due.
      const row = await issueDueVoucher(deps, await settleVoucherSubscription(deps, read));
      return settledSubscription(em.fork(), row, voucherStory(row));
    });
  };
}

/**
 * The first voucher of a direct subscription whose row is `incomplete`. Call it inside `keepInStep`.
 *
 * @returns The row as it then stands: `incomplete` with a voucher, or `expired` with the refusal.
 * @throws {BillingError} as `issueVoucher`
 */
export function issueFirstVoucher(deps: ActivityDeps, row: Subscription): Promise<Subscription> {
  return issueDueVoucher(deps, row);
}

async function issueDueVoucher(deps: ActivityDeps, read: Subscription): Promise<Subscription> {
  const em = deps.orm.em.fork();
  const reserved = await reserveVoucher(em, asVoucherSubscription(read));
  if (reserved === null) return read;
  const ordered = await order(deps, em, reserved);
  if ('leaving' in ordered) return leaveIssuer(em, reserved, ordered.leaving);
  if (ordered.outcome === 'refused') return refuseVoucher(em, reserved, ordered);
  const row = await keepVoucher(em, reserved, ordered.truth);
  return ordered.truth.state === 'pending' ? row : settleVoucherSubscription(deps, row);
}

type Ordered = Exclude<OrderedVoucher, { outcome: 'absent' }> | { readonly leaving: Leaving };

/** Only before the first voucher is out may another provider step in: then nobody has anything of this one. */
async function order(deps: ActivityDeps, em: Db, reserved: ReservedVoucher): Promise<Ordered> {
  const { projectId, live, provider, routing, status } = reserved.row;
  const canLeave = status === 'incomplete' && candidateAfter(routing, provider) !== null;
  try {
    if (canLeave && !isAvailable(deps.health.viewOf({ projectId, live, provider }), Date.now()))
      return { leaving: leaving('unavailable', 'breaker_open') };
    const { client } = await accountOf(deps, projectId, live, provider);
    const ordered = await orderVoucher(em, client, reserved, canLeave);
    if (ordered.outcome === 'absent') return { leaving: leaving('timeout', null) };
    const { outcome } = ordered;
    if (outcome === 'issued' || !canLeave || ordered.error === null) return ordered;
    const { error } = ordered;
    const isStop = deps.providers.reactionTo(provider, error).reaction === 'stop';
    return isStop ? ordered : { leaving: leaving(leavingReasonOf(error), error.code) };
  } catch (error) {
    if (!canLeave || !isSurelyNotDone(error)) throw error;
    return { leaving: leaving(leavingReasonOf(error), error.code) };
  }
}

function isSurelyNotDone(error: unknown): error is BillingError {
  return (
    error instanceof BillingError &&
    (error.kind === 'unavailable' || error.kind === 'rate_limited') &&
    error.code !== 'outcome_unknown' &&
    error.details['outcome'] !== 'unknown'
  );
}

function leaving(reason: Leaving['reason'], providerCode: string | null): Leaving {
  return { reason, providerCode, wasUnclear: false };
}

/** What was reserved is void, and the next provider is asked for a voucher of its own. */
function leaveIssuer(em: Db, { row, invoice }: ReservedVoucher, why: Leaving): Promise<Subscription> {
  return leaveProvider(em, row, why, async (tx) => {
    const draft = await tx.findOneOrFail(InvoiceEntity, { id: invoice.id });
    if (draft.status !== 'draft') throw new RowMoved();
    const { id, projectId, live, status } = draft;
    draft.status = 'void';
    recordAudit(tx, {
      ...{ projectId, live, actor: `subscription/${row.id}`, action: 'invoice.voided' },
      ...{ entityKind: 'invoice', entityId: id, detail: `${row.provider} issues no voucher: ${why.reason}` },
      ...{ before: { status }, after: { status: 'void' } },
    });
  });
}
