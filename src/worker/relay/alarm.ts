/** Sleepers that a notice, or the end, wakes early. */
export interface Alarm {
  /** Ends early by a ring; one that rang while nobody slept ends the next sleep at once. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly ring: () => void;
  /** Nobody sleeps any more. */
  readonly end: () => void;
}

export function createAlarm(): Alarm {
  const sleepers = new Set<() => void>();
  let hasRung = false;
  let hasEnded = false;
  return {
    sleep: (ms) =>
      new Promise<void>((resolve) => {
        if (hasEnded || hasRung) {
          hasRung = false;
          resolve();
          return;
        }
        const timer = setTimeout(wake, ms);
        sleepers.add(wake);
        function wake() {
          clearTimeout(timer);
          sleepers.delete(wake);
          resolve();
        }
      }),
    ring() {
      hasRung = sleepers.size === 0;
      for (const wake of sleepers) wake();
    },
    end() {
      hasEnded = true;
      for (const wake of sleepers) wake();
    },
  };
}
