/** Counts calls in flight per provider, so that one that hangs cannot take every slot of the answer path. */
export interface CallGate {
  /** @returns what to call when done; null when the provider already has as many calls as it may. */
  enter(provider: string): (() => void) | null;
}

export function createCallGate(limit: number): CallGate {
  const inFlight = new Map<string, number>();
  return {
    enter(provider) {
      const count = inFlight.get(provider) ?? 0;
      if (count >= limit) return null;
      inFlight.set(provider, count + 1);
      return () => inFlight.set(provider, (inFlight.get(provider) ?? 1) - 1);
    },
  };
}
