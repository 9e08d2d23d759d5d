/** What was done of many, and what stopped the rest; null: nothing did. */
export interface Progress<Result> {
  readonly done: readonly Result[];
  readonly failure: Error | null;
}

/**
 * Does the same with each, a few at a time, in the order of the items as far as it gets: the first that fails is the
 * last that is begun, and what was done until then is kept.
 */
export async function asFarAsPossible<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Progress<Result>> {
  const done: Result[] = [];
  const waiting = items.values();
  const failures: Error[] = [];
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      try {
        done.push(await work(item));
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return { done, failure: failures[0] ?? null };
}
