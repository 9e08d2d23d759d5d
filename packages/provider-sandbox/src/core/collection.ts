export interface Document {
  id: string;
}

export type IndexKeys<T> = (document: T) => readonly string[];

export interface Collection<T extends Document> {
  get(id: string): T | undefined;
  /** Inserts or replaces; call it again after changing a document in place. */
  put(document: T): T;
  remove(id: string): void;
  all(): T[];
  newestFirst(): Generator<T>;
  /** Documents, oldest first, whose index gave this key. */
  findBy(index: string, key: string): T[];
  load(documents: readonly T[]): void;
  readonly size: number;
}

interface Index<T> {
  keysOf: IndexKeys<T>;
  ids: Map<string, Set<string>>;
  keys: Map<string, readonly string[]>;
}

function unindex<T>(index: Index<T>, id: string): void {
  for (const key of index.keys.get(id) ?? []) {
    const ids = index.ids.get(key);
    ids?.delete(id);
    if (ids?.size === 0) index.ids.delete(key);
  }
  index.keys.delete(id);
}

function reindex<T extends Document>(index: Index<T>, document: T): void {
  const keys = index.keysOf(document);
  const before = index.keys.get(document.id);
  if (before && before.length === keys.length && before.every((key, at) => key === keys[at])) return;
  unindex(index, document.id);
  for (const key of keys) {
    const ids = index.ids.get(key);
    if (ids) ids.add(document.id);
    else index.ids.set(key, new Set([document.id]));
  }
  index.keys.set(document.id, keys);
}

export function createCollection<T extends Document>(
  indexes: Record<string, IndexKeys<T>>,
  onChange: (id: string) => void,
): Collection<T> {
  const documents = new Map<string, T>();
  let order: string[] = [];
  const built = new Map<string, Index<T>>(
    Object.entries(indexes).map(([name, keysOf]) => [name, { keysOf, ids: new Map(), keys: new Map() }]),
  );

  function insert(document: T): void {
    if (!documents.has(document.id)) order.push(document.id);
    documents.set(document.id, document);
    for (const index of built.values()) reindex(index, document);
  }

  return {
    get: (id) => documents.get(id),
    put(document) {
      insert(document);
      onChange(document.id);
      return document;
    },
    remove(id) {
      if (!documents.delete(id)) return;
      for (const index of built.values()) unindex(index, id);
      onChange(id);
      if (order.length > 64 && order.length > documents.size * 2) order = [...documents.keys()];
    },
    all: () => [...documents.values()],
    *newestFirst() {
      for (let at = order.length - 1; at >= 0; at -= 1) {
        const document = documents.get(order[at] ?? '');
        if (document) yield document;
      }
    },
    findBy(name, key) {
      const ids = built.get(name)?.ids.get(key) ?? [];
      return [...ids].flatMap((id) => documents.get(id) ?? []);
    },
    load: (loaded) => loaded.forEach(insert),
    get size() {
      return documents.size;
    },
  };
}
