import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckoutAnswer } from '../../bench/clients/billing.ts';
import type { Target } from '../../bench/stack/target.ts';

export interface Payload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One answer of the API. `status` 0: the connection broke, or the caller gave up. */
export interface Answered {
  readonly status: number;
  /** A problem's code. */
  readonly code: string | null;
}

export interface PatientCaller {
  /** Requests that ended in a broken connection, a 5xx or a 409 and were sent again. */
  retries(): number;
  /** Sends the same request until it is answered as wished. @throws at once on any other 4xx, and after five minutes. */
  until<Answer = CheckoutAnswer>(
    method: string,
    path: string,
    payload: Payload | null,
    isEnough: (status: number, answer: Answer) => boolean,
    /** Only the first try is given up this early. */
    givesUpAfterMs?: number | null,
    parse?: (text: string) => Answer,
  ): Promise<Answer>;
}

export const isAnswered = (status: number) => status === 200 || status === 201 || status === 202;
export const isOpened = (status: number, answer: CheckoutAnswer) => status === 200 && answer.status !== 'creating';

/** Workers that are killed again and again leave each workflow they were at for half a minute. */
const patienceMs = 300_000;
const betweenMs = 300;

/** What a shop's server does: whatever is no final answer is asked again, with the same key. */
export function createPatientCaller(target: Target, onAnswer: (answered: Answered) => void = () => {}): PatientCaller {
  let retries = 0;

  async function attempt(method: string, path: string, payload: Payload | null, waitsMs: number) {
    const headers = payload?.headers ?? { authorization: `Bearer ${target.secret_key}` };
    const signal = AbortSignal.timeout(waitsMs);
    const rest = payload === null || method === 'GET' ? {} : { body: payload.body };
    try {
      const answer = await fetch(`${target.api_url}${path}`, { method, headers, signal, ...rest });
      const text = await answer.text();
      onAnswer({ status: answer.status, code: answer.ok ? null : codeOf(text) });
      return { status: answer.status, text };
    } catch (error) {
      onAnswer({ status: 0, code: null });
      return { status: 0, text: String(error) };
    }
  }

  return {
    retries: () => retries,
    async until<Answer>(
      method: string,
      path: string,
      payload: Payload | null,
      isEnough: (status: number, answer: Answer) => boolean,
      givesUpAfterMs: number | null = null,
      parse: (text: string) => Answer = JSON.parse,
    ) {
      const deadline = Date.now() + patienceMs;
      for (let waitsMs = givesUpAfterMs ?? 15_000; ; waitsMs = 15_000) {
        const { status, text } = await attempt(method, path, payload, waitsMs);
        const isFinal = status >= 400 && status < 500 && status !== 409 && status !== 429;
        if (isFinal || Date.now() > deadline) throw new Error(`${method} ${path} was answered ${status}: ${text}`);
        const answer = status >= 200 && status < 300 ? parse(text) : null;
        if (answer !== null && isEnough(status, answer)) return answer;
        if (answer === null) retries += 1;
        await sleep(betweenMs);
      }
    },
  };
}

function codeOf(text: string): string | null {
  try {
    const { code } = JSON.parse(text) as { readonly code?: unknown };
    return typeof code === 'string' ? code : null;
  } catch {
    return null;
  }
}
