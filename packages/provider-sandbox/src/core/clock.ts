import type { Store } from './store.ts';

export interface Clock {
  /** Milliseconds of the providers' time: wall time plus the offset set by the control interface. */
  nowMs(): number;
  nowSeconds(): number;
  nowIso(): string;
  /** Runs `work` as if it happened at that instant (never later than now). */
  at<T>(atMs: number, work: () => T): T;
  moveTo(atMs: number): void;
  reset(): void;
  readonly offsetMs: number;
}

interface ClockSetting {
  id: string;
  offsetMs: number;
}

export function createClock(store: Store): Clock {
  const settings = store.collection<ClockSetting>('sandbox/clock');
  const setting = settings.get('clock') ?? { id: 'clock', offsetMs: 0 };
  let frozenAt: number | null = null;
  const nowMs = (): number => frozenAt ?? Date.now() + setting.offsetMs;
  return {
    nowMs,
    nowSeconds: () => Math.floor(nowMs() / 1000),
    nowIso: () => new Date(nowMs()).toISOString(),
    at(atMs, work) {
      const before = frozenAt;
      frozenAt = atMs;
      try {
        return work();
      } finally {
        frozenAt = before;
      }
    },
    moveTo(atMs) {
      setting.offsetMs = atMs - Date.now();
      settings.put(setting);
    },
    reset() {
      setting.offsetMs = 0;
      settings.put(setting);
    },
    get offsetMs() {
      return setting.offsetMs;
    },
  };
}
