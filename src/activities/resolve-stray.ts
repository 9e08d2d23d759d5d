import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { StraySession } from '../db/entities/routing.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { keepStray } from '../db/queries/stray-sessions.ts';
import {
  clockSlackMs,
  emptyLookAfterMs,
  emptyLooksNeeded,
  isPayable,
  strayGapMs,
  strayWorkflowId,
} from '../domain/checkout/stray.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep, RowMoved } from './keep-in-step.ts';
import { askAboutOverdue } from './give-up-stray.ts';
import { accountOf } from './provider-account.ts';
import { settlePaidStray } from './settle-paid-stray.ts';
import { answerOf, strayEndOf, type ResolvedStray, type ResolveStrayInput, type StrayLook } from './stray-look.ts';

/**
 * Looks for a session beside the checkout's own, and makes sure that it neither takes money unnoticed nor stays
 * payable: ends it where that can be done, watches it where not, and settles it when it was paid. Safe to repeat.
 */
export function createResolveStray(deps: ActivityDeps) {
  return function resolveStray(input: ResolveStrayInput): Promise<ResolvedStray> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, checkoutId, provider } = input;
      const row = await em.findOneOrFail(CheckoutEntity, { id: checkoutId, projectId, live });
      const stray = await em.fork().transactional((tx) => keepStray(tx, { projectId, live, checkoutId, provider }));
      if (row.status === 'creating') return answerOf(stray, row, { lookAgainMs: emptyLookAfterMs });
      // Nobody waits for it: those who wait come first.
      const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, provider);
      const look: StrayLook = { deps, em, row, stray, client, input };
      if (isOwn(look, stray.providerCheckoutId) && row.status === 'paid')
        return conclude(look, { status: 'paid', why: 'the checkout is paid with it' });
      const sessions: CheckoutTruth[] = [];
      for (const session of await sessionsOf(look)) sessions.push(...(await ended(look, session)));
      const paid = sessions.find(({ state }) => state === 'paid');
      return paid ? settlePaidStray(look, paid) : judge(look, sessions);
    });
  };
}

/** Ends a look without money: writes what was learnt. */
async function conclude(
  { em, row, stray, input }: StrayLook,
  learnt: Partial<Pick<StraySession, 'status' | 'why' | 'providerCheckoutId' | 'emptyLooks'>>,
  lookAgainMs: number | null = null,
): Promise<ResolvedStray> {
  const { projectId, live, checkoutId, provider } = input;
  const kept = await em.fork().transactional(async (tx) => {
    const fresh = await keepStray(tx, { projectId, live, checkoutId, provider });
    if (fresh.version !== stray.version) throw new RowMoved();
    const resolvedAt = lookAgainMs === null ? (fresh.resolvedAt ?? new Date()) : null;
    if (learnt.status !== undefined && learnt.status !== fresh.status) {
      recordAudit(tx, {
        ...{ projectId, live, actor: strayWorkflowId(checkoutId, provider), action: `stray_session.${learnt.status}` },
        ...{ entityKind: 'checkout', entityId: checkoutId, detail: `${provider}: ${learnt.why ?? learnt.status}` },
        ...{ before: { status: fresh.status }, after: { status: learnt.status } },
      });
    }
    return tx.assign(fresh, { ...learnt, resolvedAt });
  });
  return answerOf(kept, row, { lookAgainMs });
}

/** What sessions that were not paid come to: nothing there, ended, or still to be watched. */
function judge(look: StrayLook, sessions: readonly CheckoutTruth[]): Promise<ResolvedStray> {
  const { row, stray, client, input } = look;
  const endsAtMs = strayEndOf(row, stray);
  const payable = sessions.filter(isPayable);
  const gapMs = strayGapMs({ looks: input.looks, isKnown: payable.length > 0, nowMs: Date.now(), endsAtMs });
  if (payable.length > 0) {
    if (Date.now() >= endsAtMs) return overdue(look, 'its life is over and it is still payable');
    // Several are searched for anew each time: the row remembers one.
    const providerCheckoutId = payable.length === 1 ? (payable[0]?.providerCheckoutId ?? null) : null;
    const why = `${payable.length} payable, not endable there: watched until it lapses`;
    return conclude(look, { status: 'unknown', providerCheckoutId, why }, gapMs);
  }
  const [first] = sessions;
  if (first) {
    const status = client.checkouts.end ? 'ended' : 'lapsed';
    const why = client.checkouts.end ? 'it can no longer be paid' : 'it lapsed by itself';
    return conclude(look, { status, providerCheckoutId: first.providerCheckoutId, why });
  }
  if (stray.providerCheckoutId !== null || stray.status === 'absent')
    return conclude(look, { status: 'absent', why: 'the provider does not know it' });
  if (!client.checkouts.find) {
    const why = 'it can be neither searched for nor ended there';
    const leftMs = endsAtMs - Date.now();
    return leftMs <= 0 ? conclude(look, { status: 'lapsed', why }) : conclude(look, { why }, leftMs);
  }
  const counts = Date.now() - stray.askedAt.getTime() >= emptyLookAfterMs;
  const emptyLooks = stray.emptyLooks + (counts ? 1 : 0);
  if (emptyLooks >= emptyLooksNeeded) return conclude(look, { status: 'absent', emptyLooks, why: 'nothing was found' });
  return conclude(look, { emptyLooks, why: `${emptyLooks} looks found nothing` }, gapMs);
}

async function overdue(look: StrayLook, why: string): Promise<ResolvedStray> {
  await askAboutOverdue(look.em, look.row, look.stray, why);
  return conclude(look, { status: 'lapsed', why });
}

/** Everything of this checkout there but the page that it stands for. */
async function sessionsOf(look: StrayLook): Promise<readonly CheckoutTruth[]> {
  const { row, stray, client } = look;
  const { id: checkoutId, organizationId, createdAt } = row;
  const createdAfter = new Date(createdAt.getTime() - clockSlackMs).toISOString();
  const found =
    stray.providerCheckoutId === null
      ? ((await client.checkouts.find?.({ checkoutId, organizationId, createdAfter })) ?? [])
      : [{ providerCheckoutId: stray.providerCheckoutId }];
  const others = found.filter(({ providerCheckoutId }) => isClosed(row) || !isOwn(look, providerCheckoutId));
  const read = await Promise.all(others.map(({ providerCheckoutId }) => client.checkouts.get(providerCheckoutId)));
  return read.filter((truth) => truth !== null);
}

/** Ends what can be paid, and reads what it has become. Each try follows a read that found it payable: a new key. */
async function ended(look: StrayLook, session: CheckoutTruth): Promise<readonly CheckoutTruth[]> {
  const { row, stray, client, input } = look;
  if (!isPayable(session) || !client.checkouts.end) return [session];
  const { providerCheckoutId } = session;
  const idempotencyKey = callKey({
    ...{ projectId: row.projectId, operation: 'checkouts.end', businessId: providerCheckoutId },
    ...{ provider: input.provider, generation: stray.version },
  });
  await client.checkouts.end({ providerCheckoutId, idempotencyKey });
  const after = await client.checkouts.get(providerCheckoutId);
  return after ? [after] : [];
}

/** Whether this is the very session that the checkout stands for. */
function isOwn({ row, input }: StrayLook, providerCheckoutId: string | null): boolean {
  return (
    row.provider === input.provider && providerCheckoutId !== null && row.providerCheckoutId === providerCheckoutId
  );
}

/** Nobody looks after its own page any more. */
function isClosed({ status }: Checkout): boolean {
  return status === 'expired' || status === 'canceled' || status === 'failed';
}
