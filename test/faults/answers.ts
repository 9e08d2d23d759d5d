import { errorPages } from '../../src/api/error-codes.ts';
import type { Answered } from '../support/patient-caller.ts';

/** What callers heard, counted: `201`, `503 no_provider_available`, `broken`. */
export type Heard = Readonly<Record<string, number>>;

export function createHeard() {
  const counts: Record<string, number> = {};
  return {
    counts: counts as Heard,
    hear: ({ status, code }: Answered): void => {
      const key = status === 0 ? 'broken' : code === null ? String(status) : `${status} ${code}`;
      counts[key] = (counts[key] ?? 0) + 1;
    },
  };
}

/** Answers that no page of the API documents, or that it blames itself for. A killed API breaks connections. */
export function answerFaults(heard: Heard): readonly string[] {
  return Object.entries(heard).flatMap(([answer, count]) => {
    const [status = '', code] = answer.split(' ');
    if (answer === 'broken' || (code === undefined && ['200', '201', '202'].includes(status))) return [];
    const isDocumented = code !== undefined && Object.hasOwn(errorPages, code) && code !== 'internal_error';
    return isDocumented ? [] : [`callers were answered ${answer} ${count} times`];
  });
}
