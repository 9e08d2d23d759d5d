/** A fixed window per name, in memory; cheap enough for the webhook path. */
export interface RateWindow {
  /** @returns false when the window's share is used up. */
  take(name: string): boolean;
}

export function createRateWindow(input: { readonly limit: number; readonly windowMs: number }): RateWindow {
  const taken = new Map<string, number>();
  let window = 0;
  return {
    take(name) {
      const now = Math.floor(performance.now() / input.windowMs);
      if (now !== window) {
        window = now;
        taken.clear();
      }
      const count = (taken.get(name) ?? 0) + 1;
      taken.set(name, count);
      return count <= input.limit;
    },
  };
}
