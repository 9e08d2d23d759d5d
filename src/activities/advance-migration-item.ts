import { BillingError } from '../domain/errors.ts';
import { readItemWork, type ItemWork } from '../db/queries/migration-stand.ts';
import { isOverItem, isPastReturn, nextStep, sidesToRead } from '../domain/migration/next-step.ts';
import type { MigrationItemState } from '../domain/migration/migration.ts';
import type { ItemStand } from '../domain/migration/sides.ts';
import type { MigrationStep } from '../domain/migration/step.ts';
import type { ActivityDeps } from './deps.ts';
import { createEndCheckout } from './end-checkout.ts';
import { keepInStep } from './keep-in-step.ts';
import { align, noteMoved, revoke, sync } from './migrate/carry-new.ts';
import { cancelOld, commitCancel, confirmCanceled } from './migrate/carry-old.ts';
import { finish, noteCharge } from './migrate/finish.ts';
import { moveOn, newProviderOf, type Move } from './migrate/move.ts';
import { readSides } from './migrate/read-sides.ts';
import { followRenewal, notify, remind } from './migrate/tell-customer.ts';

/** One customer's move, as its workflow names it, and what somebody wants of it. */
export interface AdvanceMigrationItemInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly itemId: string;
  /** The workflow's time, ISO: our own timers are compared with it. */
  readonly now: string;
  /** Whose queue this runs on; null: none's. */
  readonly at: string | null;
  /** An operator leads it back. */
  readonly isWithdrawn: boolean;
  /** Its customer shall have been told again so many times; 0: as the settings say. */
  readonly remindTo: number;
}

/** What one step came to. */
export interface AdvancedMigrationItem {
  readonly state: MigrationItemState;
  /** `elsewhere`: nothing was done, for it belongs on another provider's queue. */
  readonly did: MigrationStep['kind'] | 'elsewhere';
  readonly because: string;
  readonly isOver: boolean;
  readonly isPastReturn: boolean;
  readonly remindersSent: number;
  /** Whose queue the next step belongs on. */
  readonly asks: string | null;
  /** Of `wait`: until then, ISO; null: until something is heard. */
  readonly until: string | null;
  /** Of `wait`: only the customer can bring it on. */
  readonly forCustomer: boolean;
}

/**
 * Does the one next thing about a customer's move: reads our rows and both providers, decides, and carries it out. Each
 * step is one commit or one call that is harmless to repeat, so one that was cut off anywhere is made up by doing it
 * again: what was done shows in what is read.
 *
 * @throws {BillingError} `migration_side_silent` (unavailable): a provider does not answer; nothing was done.
 */
export function createAdvanceMigrationItem(deps: ActivityDeps) {
  return function advanceMigrationItem(input: AdvanceMigrationItemInput): Promise<AdvancedMigrationItem> {
    return keepInStep(async () => {
      const work = await readItemWork(deps.orm.em.fork(), input, input.itemId);
      const stand = standOf(work, input);
      const asks = queueOf(work, stand);
      if (asks !== null && asks !== input.at)
        return answer(work, { did: 'elsewhere', because: `${asks} is to be asked`, asks });
      const sides = await readSides(deps, work, stand);
      // A try that comes late must not believe the time at which it was wished for.
      const nowMs = Math.max(Date.parse(input.now), Date.now());
      const move: Move = { ...work, ...sides, deps, nowMs };
      if (await followRenewal(move)) return again(deps, input, 'notify', 'the old one has renewed');
      const step = nextStep({ item: stand, ...sides, settings: work.migration.settings, nowMs });
      if (step.kind === 'ask_again')
        throw new BillingError({ code: 'migration_side_silent', kind: 'unavailable', message: step.because });
      if (step.kind === 'wait')
        return { ...answer(work, { did: 'wait', because: step.because, asks }), ...pauseOf(step) };
      return again(deps, input, step.kind, await carryOut(move, step));
    });
  };
}

function carryOut(move: Move, step: Exclude<MigrationStep, { kind: 'wait' | 'ask_again' }>): Promise<string> {
  switch (step.kind) {
    case 'notify':
      return notify(move);
    case 'remind':
      return remind(move);
    case 'open':
      return open(move);
    case 'reopen':
      return reopen(move, step.because);
    case 'close_checkout':
      return closeCheckout(move);
    case 'align':
      return align(move, step);
    case 'move':
      return noteMoved(move, step);
    case 'commit':
      return commitCancel(move, step);
    case 'cancel':
      return cancelOld(move);
    case 'confirm':
      return confirmCanceled(move, step);
    case 'note_charge':
      return noteCharge(move, step);
    case 'revoke':
      return revoke(move);
    case 'end':
      return finish(move, step);
  }
}

async function open(move: Move): Promise<string> {
  const because = 'its customer has opened a checkout';
  const checkoutId = move.fresh?.checkoutId ?? move.checkout?.id ?? null;
  await moveOn(move, 'opened', { because, checkoutId });
  return because;
}

/** Our own row of what has ended follows first, or it would be taken for alive. */
async function reopen(move: Move, because: string): Promise<string> {
  await sync(move);
  await moveOn(move, 'notified', { because, newProvider: null, newSubscriptionId: null, movedAt: null });
  return because;
}

/** One that its provider cannot end is watched by whoever looks after strays. */
async function closeCheckout({ deps, item, checkout }: Move): Promise<string> {
  const { projectId, live } = item;
  if (checkout !== null) await createEndCheckout(deps)({ projectId, live, checkoutId: checkout.id, to: 'canceled' });
  return 'the open checkout was ended';
}

function standOf(work: ItemWork, { isWithdrawn, remindTo }: AdvanceMigrationItemInput): ItemStand {
  const { status } = work.migration;
  return {
    ...work.stand,
    isWithdrawn: isWithdrawn || status === 'aborting' || status === 'aborted',
    wantsReminder: work.stand.remindersSent < remindTo,
  };
}

/** Where the next decision's calls belong: at whoever is acted on. */
function queueOf(work: ItemWork, stand: ItemStand): string | null {
  const wanted = sidesToRead(stand);
  if (!wanted.old && !wanted.new) return stand.state === 'opened' ? newProviderOf(work) : null;
  return wanted.new && stand.state !== 'canceling' ? newProviderOf(work) : work.migration.fromProvider;
}

async function again(
  deps: ActivityDeps,
  input: AdvanceMigrationItemInput,
  did: MigrationStep['kind'],
  because: string,
): Promise<AdvancedMigrationItem> {
  const work = await readItemWork(deps.orm.em.fork(), input, input.itemId);
  return answer(work, { did, because, asks: queueOf(work, standOf(work, input)) });
}

function answer(
  { item }: ItemWork,
  what: Pick<AdvancedMigrationItem, 'did' | 'because' | 'asks'>,
): AdvancedMigrationItem {
  const { state, remindersSent } = item;
  const is = { isOver: isOverItem(state), isPastReturn: isPastReturn(state) };
  return { state, remindersSent, ...is, ...what, until: null, forCustomer: false };
}

function pauseOf({ until, forCustomer }: Extract<MigrationStep, { kind: 'wait' }>) {
  return { until, forCustomer };
}
