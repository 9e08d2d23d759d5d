import type { MikroORM } from '@mikro-orm/postgresql';
import { insertUsageEvents, type UsageRow } from '../../db/queries/usage-events.ts';
import { refusal } from '../error-codes.ts';

/** Where accepted events are stored. */
export interface EventWriter {
  /**
   * Stores events; resolved once they are committed. What several requests bring at the same time is stored by one
   * statement: a commit costs a write to the disk, whatever is in it.
   *
   * @returns how many of them are new.
   * @throws {BillingError} `unavailable`, before anything was done
   * @throws {DriverException} Whether they were stored is not known then; to send them again counts nothing twice.
   */
  store(rows: readonly UsageRow[]): Promise<number>;
}

interface Waiting {
  readonly rows: readonly UsageRow[];
  readonly resolve: (fresh: number) => void;
  readonly reject: (error: unknown) => void;
}

/** While one statement waits for the disk, another is worked on; more would only make smaller groups. */
const maxStatements = 2;
const maxRowsPerStatement = 2_000;
/** Beyond it the database is far behind what comes in. */
const maxRowsWaiting = 100_000;

export function createEventWriter({ orm }: { readonly orm: MikroORM }): EventWriter {
  const queue: Waiting[] = [];
  let rowsWaiting = 0;
  let running = 0;
  let isDue = false;

  function startAll(): void {
    isDue = false;
    while (running < maxStatements && queue.length > 0) void run(takeGroup());
  }

  function takeGroup(): readonly Waiting[] {
    let rows = 0;
    let count = 0;
    for (const waiting of queue) {
      if (count > 0 && rows + waiting.rows.length > maxRowsPerStatement) break;
      rows += waiting.rows.length;
      count += 1;
    }
    rowsWaiting -= rows;
    return queue.splice(0, count);
  }

  async function run(group: readonly Waiting[]): Promise<void> {
    running += 1;
    await storeGroup(group);
    running -= 1;
    startAll();
  }

  /** Settles all of the group; never rejects. */
  async function storeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const owners = ownersOf(group);
      const rows = [...owners.values()].map(({ row }) => row);
      const fresh = await insertUsageEvents(orm.em, rows);
      const counts = new Map<Waiting, number>(group.map((waiting) => [waiting, 0]));
      for (const [key, { owner }] of owners)
        if (fresh === null || fresh.has(key)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
      for (const [waiting, count] of counts) waiting.resolve(count);
    } catch (error) {
      // What one request brought must not fail another's: each by itself, where the fault may lie in the rows.
      if (group.length > 1 && isAboutRows(error)) for (const waiting of group) await storeGroup([waiting]);
      else for (const waiting of group) waiting.reject(error);
    }
  }

  return {
    store(rows) {
      if (rows.length === 0) return Promise.resolve(0);
      if (rowsWaiting + rows.length > maxRowsWaiting)
        throw refusal('unavailable', 'More events are waiting than the database can take.', { retryAfterMs: 2_000 });
      rowsWaiting += rows.length;
      return new Promise((resolve, reject) => {
        queue.push({ rows, resolve, reject });
        if (isDue) return;
        isDue = true;
        // After all that this turn of the event loop has read.
        setImmediate(startAll);
      });
    },
  };
}

/** One row for each key, and whose it is: of the same event sent twice at once, the first is new. */
function ownersOf(group: readonly Waiting[]): ReadonlyMap<string, { readonly row: UsageRow; readonly owner: Waiting }> {
  const owners = new Map<string, { readonly row: UsageRow; readonly owner: Waiting }>();
  for (const owner of group)
    for (const row of owner.rows) if (!owners.has(row.key)) owners.set(row.key, { row, owner });
  return owners;
}

/** PostgreSQL's classes of bad data, broken rules, deadlocks and limits; a lost connection is none of them. */
function isAboutRows(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^(22|23|40|54)/.test(code);
}
