import { DeadlockException, OptimisticLockError, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Db } from '../db/orm.ts';

/** Somebody else changed the row since it was read: read again, decide again. */
export class RowMoved extends Error {}

/**
 * Runs read → ask the provider → write again when another writer was faster, so that an older truth never overwrites
 * a newer one: the version read before asking must still be the row's at commit.
 */
export async function keepInStep<T>(once: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      const isRace =
        error instanceof RowMoved ||
        error instanceof OptimisticLockError ||
        error instanceof DeadlockException ||
        error instanceof UniqueConstraintViolationException;
      if (!isRace || attempt === 5) throw error;
    }
  }
}

/** Transactions in which something around the row has changed: a flush in between would make that forgotten. */
const changed = new WeakSet<Db>();

/** Notes that this transaction changes something around the row, so that `touchIfChanged` moves its version. */
export function noteChange(tx: Db): void {
  changed.add(tx);
}

/** Transactions whose row is marked already: its version moves once, not with each flush. */
const touched = new WeakSet<Db>();

/**
 * Marks the row as changed when anything of it or around it did, so that its version moves with every new truth.
 *
 * @returns whether anything did.
 */
export function touchIfChanged(tx: Db, row: { updatedAt: Date }): boolean {
  if (touched.has(tx)) return true;
  const work = tx.getUnitOfWork();
  work.computeChangeSets();
  // `assign` persists what is managed already, and a flush without changes leaves it there: only what is new counts.
  const hasNew = [...work.getPersistStack()].some((entity) => isNew(tx, entity));
  const isChanged = work.getChangeSets().length > 0 || hasNew || changed.has(tx);
  if (!isChanged) return false;
  row.updatedAt = new Date();
  touched.add(tx);
  return true;
}

/** Whether the database does not have it yet. */
export function isNew(tx: Db, entity: object): boolean {
  return tx.getUnitOfWork().getOriginalEntityData(entity) === undefined;
}
