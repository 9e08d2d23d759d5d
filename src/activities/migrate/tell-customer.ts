import { sealItemToken } from '../../crypto/item-link.ts';
import type { MigrationItem } from '../../db/entities/migration.ts';
import type { Db } from '../../db/orm.ts';
import { keepRights } from '../../db/queries/charge-rights.ts';
import { BillingError } from '../../domain/errors.ts';
import { rhythmOf } from '../../domain/migration/legacy.ts';
import type { OldSide } from '../../domain/migration/sides.ts';
import { periodAfter } from '../../domain/migration/trial-target.ts';
import { monthsAfter } from '../../domain/calendar/calendar.ts';
import { presentMigrationNotice } from '../../present/migration-notice.ts';
import { recordEvent } from '../record-event.ts';
import { finish } from './finish.ts';
import { moveOn, oldOf, planOf, rightsOf, scopeOf, type Move } from './move.ts';

const minuteMs = 60_000;
/** A link outlives its deadline by this: whoever comes late reads that everything stays as it is. */
const graceMs = 30 * 86_400_000;

/** Tells the customer for the first time, and writes down who may charge for what, all in one transaction. */
export async function notify(move: Move): Promise<string> {
  const { nowMs, migration } = move;
  const old = oldOf(move);
  if (old.paidThrough === null) return tellNobody(move, 'no_paid_through', 'the old provider does not say until when');
  const deadlineAt = new Date(nowMs + migration.settings.deadlineMinutes * minuteMs);
  const { link, hash } = makeLink(move, deadlineAt);
  const because = `its customer is told, and has until ${deadlineAt.toISOString()}`;
  const paidThrough = new Date(old.paidThrough);
  const held = await moveOn(
    move,
    'notified',
    { because, deadlineAt, paidThrough, linkHash: hash, notifiedAt: new Date(nowMs) },
    async (tx, row) => {
      if (!(await keepRightsOf(tx, move, old))) throw new RightHeld();
      await told(tx, move, row, 'migration.notified', link);
    },
  ).catch((error: unknown) => {
    if (error instanceof RightHeld) return null;
    throw error;
  });
  if (held !== null) return because;
  return tellNobody(move, 'right_held', 'somebody else may charge for the next period already');
}

/** Tells the customer again; reminders that were missed are made up by one. */
export async function remind(move: Move): Promise<string> {
  const { item, migration, nowMs } = move;
  const passed = item.notifiedAt === null ? 0 : (nowMs - item.notifiedAt.getTime()) / minuteMs;
  const due = migration.settings.remindAfterMinutes.filter((minutes) => minutes <= passed).length;
  const remindersSent = Math.max(item.remindersSent + 1, due);
  const { link, hash } = makeLink(move, item.deadlineAt ?? new Date(nowMs));
  const because = `its customer is told again, reminder ${remindersSent}`;
  await moveOn(move, item.state, { because, remindersSent, linkHash: hash }, (tx, row) =>
    told(tx, move, row, 'migration.reminded', link),
  );
  return because;
}

/** The old one has renewed since: the dates and rights follow, before anything is decided from them. */
export async function followRenewal(move: Move): Promise<boolean> {
  const { item, old } = move;
  if (item.state !== 'notified' || old === 'gone' || old === 'unknown' || old.isEnding) return false;
  if (old.paidThrough === null || item.paidThrough?.getTime() === Date.parse(old.paidThrough)) return false;
  const because = `the old one is paid through ${old.paidThrough} now`;
  await moveOn(move, item.state, { because, paidThrough: new Date(old.paidThrough) }, async (tx) => {
    await keepRightsOf(tx, move, old);
  });
  return true;
}

/** @returns false: somebody else holds the next period. */
export async function keepRightsOf(tx: Db, move: Move, old: OldSide): Promise<boolean> {
  const { paidThrough } = old;
  if (paidThrough === null) return false;
  const interval = rhythmOf(move.item);
  const months = interval === 'year' ? -12 : -1;
  const periodStart = old.periodStart ?? new Date(monthsAfter(Date.parse(paidThrough), months, 'UTC')).toISOString();
  return keepRights(tx, rightsOf(move), { periodStart, paidThrough, nextEnd: periodAfter(paidThrough, interval) });
}

/** Tells the app about the move as it is now. */
export async function told(
  tx: Db,
  move: Move,
  row: MigrationItem,
  type: 'migration.notified' | 'migration.reminded' | 'migration.moved',
  link: string | null,
): Promise<void> {
  const { organizationId } = row;
  await recordEvent(tx, {
    ...{ ...scopeOf(row), organizationId, type, objectKind: 'migration', objectId: row.id },
    cause: type === 'migration.reminded' ? `reminder ${row.remindersSent}` : `version ${row.version}`,
    data: presentMigrationNotice(row, move.migration, planOf(move), link),
  });
}

class RightHeld extends Error {}

function tellNobody(move: Move, code: string, because: string): Promise<string> {
  return finish(move, { kind: 'end', state: 'attention', code, because });
}

function makeLink({ deps, item }: Move, deadlineAt: Date): { readonly link: string; readonly hash: string } {
  if (deps.publicUrl === undefined)
    throw new BillingError({ code: 'public_url_missing', kind: 'bug', message: 'nobody can be told of a page' });
  const { token, hash } = sealItemToken(deps.keyRing, item.id, deadlineAt.getTime() + graceMs);
  return { link: `${deps.publicUrl}/migrate/${token}`, hash };
}
