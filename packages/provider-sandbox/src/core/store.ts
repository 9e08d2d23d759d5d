import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Collection, type Document, type IndexKeys, createCollection } from './collection.ts';

export interface Store {
  /** Opens (or returns) the collection of that kind, filled with what was persisted. */
  collection<T extends Document>(kind: string, indexes?: Record<string, IndexKeys<T>>): Collection<T>;
  /** Writes everything that changed since the last commit in one transaction. */
  commit(): void;
  /** Empties every collection but those of a kept kind. */
  clear(isKept: (kind: string) => boolean): void;
  kinds(): string[];
  rows(kind: string): unknown[];
  close(): void;
}

interface Disk {
  write(kind: string, id: string, json: string | null): void;
  read(kind: string): unknown[];
  begin(): void;
  end(): void;
  close(): void;
}

/** Grows whenever stored objects change their shape. */
const STATE_VERSION = 2;

/** Objects of another version have other shapes: they go, as a reset would have it. */
function dropOtherVersion(database: DatabaseSync, isKept: (kind: string) => boolean): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  if (version === STATE_VERSION) return;
  const remove = database.prepare('DELETE FROM documents WHERE kind = ?');
  for (const row of database.prepare('SELECT DISTINCT kind FROM documents').all()) {
    const kind = String(row['kind']);
    if (!isKept(kind)) remove.run(kind);
  }
  database.exec(`PRAGMA user_version = ${STATE_VERSION}`);
}

function openDisk(directory: string, isKept: (kind: string) => boolean): Disk {
  mkdirSync(directory, { recursive: true });
  const database = new DatabaseSync(join(directory, 'sandbox.sqlite'));
  // WAL with NORMAL survives a killed process; only a power cut could lose the last moments.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
  database.exec(
    'CREATE TABLE IF NOT EXISTS documents (seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (kind, id))',
  );
  dropOtherVersion(database, isKept);
  const statement = (sql: string): StatementSync => database.prepare(sql);
  const upsert = statement(
    'INSERT INTO documents (kind, id, json) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json',
  );
  const remove = statement('DELETE FROM documents WHERE kind = ? AND id = ?');
  const select = statement('SELECT json FROM documents WHERE kind = ? ORDER BY seq');
  return {
    write: (kind, id, json) => void (json === null ? remove.run(kind, id) : upsert.run(kind, id, json)),
    read: (kind) => select.all(kind).map((row): unknown => JSON.parse(String(row['json']))),
    begin: () => database.exec('BEGIN'),
    end: () => database.exec('COMMIT'),
    close: () => database.close(),
  };
}

/**
 * Objects live in memory; each commit writes the changed ones through to SQLite when a directory is given.
 *
 * @param isKept The kinds that outlive the objects' shapes.
 */
export function createStore(directory: string | null, isKept: (kind: string) => boolean): Store {
  const disk = directory === null ? null : openDisk(directory, isKept);
  const collections = new Map<string, Collection<Document>>();
  const dirty = new Map<string, Set<string>>();
  let scheduled = false;

  function commit(): void {
    scheduled = false;
    if (!disk || dirty.size === 0) return;
    disk.begin();
    for (const [kind, ids] of dirty) {
      const collection = collections.get(kind);
      for (const id of ids) {
        const found = collection?.get(id);
        disk.write(kind, id, found === undefined ? null : JSON.stringify(found));
      }
    }
    disk.end();
    dirty.clear();
  }

  function touch(kind: string, id: string): void {
    if (!disk) return;
    const ids = dirty.get(kind);
    if (ids) ids.add(id);
    else dirty.set(kind, new Set([id]));
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => scheduled && commit());
  }

  return {
    collection<T extends Document>(kind: string, indexes: Record<string, IndexKeys<T>> = {}): Collection<T> {
      const known = collections.get(kind);
      // One kind always holds one type: the caller that opened it first fixed it.
      if (known) return known as unknown as Collection<T>;
      const created = createCollection<T>(indexes, (id) => touch(kind, id));
      if (disk) created.load(disk.read(kind) as T[]);
      collections.set(kind, created);
      return created;
    },
    commit,
    clear(isKept) {
      for (const [kind, collection] of collections) {
        if (!isKept(kind)) for (const found of collection.all()) collection.remove(found.id);
      }
      commit();
    },
    kinds: () => [...collections.keys()],
    rows: (kind) => collections.get(kind)?.all() ?? [],
    close() {
      commit();
      disk?.close();
    },
  };
}
