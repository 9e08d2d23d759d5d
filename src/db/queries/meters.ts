import { MeterEntity, ProviderMeterEntity, type Meter } from '../entities/usage.ts';
import type { MeterDefinition } from '../../domain/usage/meter.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';
import { endOfChunk, foldedAtOnce, foldEventsFor, lockMark } from './usage-rollup.ts';

/** By its id or its key. */
export async function findMeter(em: Db, { projectId, live }: Scope, idOrKey: string): Promise<Meter | null> {
  return em.findOne(MeterEntity, { projectId, live, $or: [{ id: idOrKey }, { key: idOrKey }] });
}

/** Newest first, one more than `limit`. */
export async function listMeters(
  em: Db,
  { projectId, live }: Scope,
  query: { readonly status?: Meter['status']; readonly before: string | null; readonly limit: number },
): Promise<readonly Meter[]> {
  return em.find(
    MeterEntity,
    {
      ...{ projectId, live },
      ...(query.status !== undefined && { status: query.status }),
      ...(query.before !== null && { id: { $lt: query.before } }),
    },
    { orderBy: { id: 'desc' }, limit: query.limit + 1 },
  );
}

/** What providers call each meter: by meter, then by provider. */
export async function readMeterLinks(
  em: Db,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  if (ids.length === 0) return new Map();
  const rows = await em.find(ProviderMeterEntity, { meterId: { $in: [...ids] } }, { orderBy: { provider: 'asc' } });
  const byMeter = Map.groupBy(rows, ({ meterId }) => meterId);
  return new Map(
    [...byMeter].map(([id, links]) => [
      id,
      Object.fromEntries(links.map(({ provider, providerMeterId }) => [provider, providerMeterId])),
    ]),
  );
}

export type NewMeter = MeterDefinition &
  Pick<Meter, 'id' | 'projectId' | 'live' | 'key' | 'name' | 'unit' | 'limitBehavior' | 'whenUnreadable'>;

/**
 * Stores a meter with everything that has happened counted already. Events of its name can be there if another meter has
 * that name: most of them are counted first, in chunks and beside the roller; the rest, and the row, under its lock.
 *
 * @param record Writes what belongs into the same transaction.
 * @returns null: the key is taken.
 */
export async function addMeter(em: Db, meter: NewMeter, record: (tx: Db, row: Meter) => void): Promise<Meter | null> {
  if (await findMeter(em, meter, meter.key)) return null;
  const params = paramsOf(meter);
  const counted = (await isNameKnown(em, meter)) ? await countBefore(em, meter.id, params) : '0';
  const row = await em.transactional(async (tx) => {
    const mark = await lockMark(tx, true);
    if (mark === null || (await findMeter(tx, meter, meter.key))) return null;
    if (await isNameKnown(tx, meter)) await foldEventsFor(tx, params, { from: counted, to: mark.from });
    const made = tx.create(MeterEntity, { ...meter, status: 'active' }, { persist: true });
    record(tx, made);
    await tx.flush();
    return made;
  });
  if (row === null) await forget(em, meter.id);
  return row;
}

/** @returns up to where. What a try that died has left behind goes first. */
async function countBefore(em: Db, id: string, params: readonly unknown[]): Promise<string> {
  await forget(em, id);
  const [mark] = await em.execute<{ xid: string }[]>(`select xid::text from usage_marks where name = 'rollup'`);
  const to = mark?.xid ?? '0';
  let from = '0';
  for (;;) {
    const end = await endOfChunk(em, { from, to }, foldedAtOnce);
    if (end === null) return to;
    await foldEventsFor(em, params, { from, to: end });
    from = end;
  }
}

async function forget(em: Db, id: string): Promise<void> {
  await em.execute('delete from usage_uniques where meter_id = ?', [id], 'run');
  await em.execute('delete from usage_rollups where meter_id = ?', [id], 'run');
}

async function isNameKnown(em: Db, { projectId, live, eventName }: NewMeter): Promise<boolean> {
  return (await em.count(MeterEntity, { projectId, live, eventName })) > 0;
}

/** As `givenMeter` takes them. */
function paramsOf(meter: NewMeter): readonly unknown[] {
  const { id, projectId, live, eventName, filter, aggregation, property } = meter;
  return [id, projectId, live, eventName, JSON.stringify(filter), aggregation, property];
}
