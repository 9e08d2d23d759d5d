/** Remembers answers for a few seconds, shares look-ups in flight, and forgets the oldest when full. */
export interface TtlCache<T> {
  get(key: string, load: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** A failed look-up is not remembered. */
export function createTtlCache<T>(input: { readonly ttlMs: number; readonly maxEntries: number }): TtlCache<T> {
  const entries = new Map<string, { readonly value: Promise<T>; readonly until: number }>();
  return {
    get(key, load) {
      const known = entries.get(key);
      if (known && known.until > performance.now()) return known.value;
      const value = load();
      entries.delete(key);
      entries.set(key, { value, until: performance.now() + input.ttlMs });
      value.catch(() => entries.delete(key));
      const [oldest] = entries.keys();
      if (entries.size > input.maxEntries && oldest !== undefined) entries.delete(oldest);
      return value;
    },
    clear: () => entries.clear(),
  };
}
