import type { Clock } from './clock.ts';
import type { Store } from './store.ts';

/** Something due at an instant of the providers' clock: an expiry, a renewal, a retry of a payment. */
interface AgendaItem {
  id: string;
  task: string;
  subject: string;
  atMs: number;
}

export interface Agenda {
  handle(task: string, run: (subject: string) => void): void;
  /** One entry per task and subject: planning again moves it. */
  plan(task: string, subject: string, atMs: number): void;
  cancel(task: string, subject: string): void;
  /** Runs everything due, in order of time, each at its own instant. */
  runDue(): number;
  forget(): void;
}

function insertByTime(queue: AgendaItem[], item: AgendaItem): void {
  const at = queue.findIndex((other) => other.atMs > item.atMs);
  queue.splice(at < 0 ? queue.length : at, 0, item);
}

export function createAgenda(store: Store, clock: Clock): Agenda {
  const items = store.collection<AgendaItem>('sandbox/agenda');
  const tasks = new Map<string, (subject: string) => void>();
  let nextDueMs = items.all().reduce((least, item) => Math.min(least, item.atMs), Infinity);
  /** While due work runs: what is still to do up to that instant, including what the work itself plans. */
  let running: { queue: AgendaItem[]; untilMs: number } | null = null;

  function runQueue(queue: AgendaItem[]): number {
    let ran = 0;
    for (let item = queue.shift(); item && ran < 100_000; item = queue.shift()) {
      // Canceled or moved since it was queued.
      if (items.get(item.id)?.atMs !== item.atMs) continue;
      items.remove(item.id);
      const { task, subject, atMs } = item;
      clock.at(atMs, () => tasks.get(task)?.(subject));
      ran += 1;
    }
    return ran;
  }

  return {
    handle: (task, run) => void tasks.set(task, run),
    plan(task, subject, atMs) {
      const item = { id: `${task}:${subject}`, task, subject, atMs };
      items.put(item);
      nextDueMs = Math.min(nextDueMs, atMs);
      if (running && atMs <= running.untilMs) insertByTime(running.queue, item);
    },
    cancel: (task, subject) => items.remove(`${task}:${subject}`),
    runDue() {
      const untilMs = clock.nowMs();
      if (running || untilMs < nextDueMs) return 0;
      const due = items.all().filter((item) => item.atMs <= untilMs);
      running = { queue: due.sort((left, right) => left.atMs - right.atMs), untilMs };
      try {
        return runQueue(running.queue);
      } finally {
        running = null;
        nextDueMs = items.all().reduce((least, item) => Math.min(least, item.atMs), Infinity);
      }
    },
    forget() {
      nextDueMs = Infinity;
    },
  };
}
