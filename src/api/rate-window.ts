/** A fixed window per name, in memory; cheap enough for the webhook path. */
export interface RateWindow {
  /** @returns false when the window's share is used up. */
  take(name: string): boolean;
  isUsedUp(name: string): boolean;
}

export function createRateWindow(input: { readonly limit: number; readonly windowMs: number }): RateWindow {
  const taken = new Map<string, number>();
  let window = 0;
  const takenBy = (name: string): number => {
    const now = Math.floor(performance.now() / input.windowMs);
    if (now !== window) {
      window = now;
      taken.clear();
    }
    return taken.get(name) ?? 0;
  };
  return {
    take(name) {
      const count = takenBy(name) + 1;
      taken.set(name, count);
      return count <= input.limit;
    },
    isUsedUp: (name) => takenBy(name) >= input.limit,
  };
}
