import { condition } from '@temporalio/workflow';
import type { AgendaItem } from '../domain/subscription/agenda.ts';

/** A webhook may run ahead of the provider's own reads: look again this soon before believing that nothing changed. */
const soonMs: readonly number[] = [2_000, 5_000, 15_000];
/** A webhook that changes nothing this short after another changed something is most likely about the same. */
const echoMs = 60_000;
/** What failed for good, or was done and is due again at once, is not tried sooner. */
const againMs = 3_600_000;

/** When a subscription's workflow does the next thing, if no message comes before. */
export function createRhythm() {
  let soon: readonly number[] = [];
  let blockedUntilMs = 0;
  let changedMs = 0;
  const doneMs = new Map<string, number>();
  const isBlocked = () => blockedUntilMs > Date.now();

  return {
    /** After a failure: nothing is tried again yet, but what somebody waits for. */
    isBlocked,
    /**
     * Waits for a message, or for the time of what comes next.
     *
     * @returns what is due if no message came.
     */
    async next(item: AgendaItem | null, isWoken: () => boolean): Promise<AgendaItem | 'look'> {
      const lookMs = nextLookMs();
      const itemMs = item === null ? Number.POSITIVE_INFINITY : dueMs(item);
      const isLook = item === null || lookMs <= itemMs;
      const waitMs = Math.min(lookMs, itemMs) - Date.now();
      if (isWoken()) return 'look';
      if (waitMs === Number.POSITIVE_INFINITY) await condition(isWoken);
      else if (waitMs > 0) {
        const summary = isLook ? 'a webhook, or a look again' : `a webhook, or ${item.kind}`;
        if (!(await condition(isWoken, waitMs, { summary })) && isLook) soon = soon.slice(1);
      }
      return isLook ? 'look' : item;
    },
    /** @param looked.isTold Because of a webhook. */
    looked({ isChanged, isTold }: { readonly isChanged: boolean; readonly isTold: boolean }): void {
      if (isChanged) {
        soon = [];
        changedMs = Date.now();
      } else if (isTold && soon.length === 0) soon = Date.now() - changedMs < echoMs ? soonMs.slice(-1) : soonMs;
    },
    done(item: AgendaItem): void {
      doneMs.set(keyOf(item), Date.now());
    },
    succeeded(): void {
      blockedUntilMs = 0;
    },
    failed(): void {
      blockedUntilMs = Date.now() + againMs;
    },
  };

  function nextLookMs(): number {
    if (blockedUntilMs > 0) return blockedUntilMs;
    const [gap] = soon;
    return gap === undefined ? Number.POSITIVE_INFINITY : Date.now() + gap;
  }

  function dueMs(item: AgendaItem): number {
    const doneBefore = doneMs.get(keyOf(item));
    return Math.max(Date.parse(item.at), blockedUntilMs, doneBefore === undefined ? 0 : doneBefore + againMs);
  }
}

function keyOf({ kind, at, changeId }: AgendaItem): string {
  return `${kind} ${at} ${changeId ?? ''}`;
}
