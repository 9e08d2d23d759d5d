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

export function createAgenda(store: Store, clock: Clock): Agenda {
  const items = store.collection<AgendaItem>('sandbox/agenda');
  const tasks = new Map<string, (subject: string) => void>();
  let nextDueMs = items.all().reduce((least, item) => Math.min(least, item.atMs), Infinity);

  function takeDue(): AgendaItem | undefined {
    if (clock.nowMs() < nextDueMs) return undefined;
    let first: AgendaItem | undefined;
    let second = Infinity;
    for (const item of items.all()) {
      if (!first || item.atMs < first.atMs) {
        second = Math.min(second, first?.atMs ?? Infinity);
        first = item;
      } else second = Math.min(second, item.atMs);
    }
    nextDueMs = first?.atMs ?? Infinity;
    if (!first || first.atMs > clock.nowMs()) return undefined;
    nextDueMs = second;
    items.remove(first.id);
    return first;
  }

  return {
    handle: (task, run) => void tasks.set(task, run),
    plan(task, subject, atMs) {
      items.put({ id: `${task}:${subject}`, task, subject, atMs });
      nextDueMs = Math.min(nextDueMs, atMs);
    },
    cancel: (task, subject) => items.remove(`${task}:${subject}`),
    runDue() {
      let ran = 0;
      for (let item = takeDue(); item && ran < 100_000; item = takeDue()) {
        const { task, subject, atMs } = item;
        clock.at(atMs, () => tasks.get(task)?.(subject));
        ran += 1;
      }
      return ran;
    },
    forget() {
      nextDueMs = Infinity;
    },
  };
}
