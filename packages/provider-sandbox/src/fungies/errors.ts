import type { Answer } from '../http/answer.ts';

export class FungiesFailure extends Error {
  readonly status: number;
  /** Whether `error` is a bare text instead of an object: the real API has been seen answering both ways. */
  readonly isBare: boolean;

  constructor(status: number, message: string, isBare = false) {
    super(message);
    this.status = status;
    this.isBare = isBare;
  }
}

export const notFound = (what: string): FungiesFailure => new FungiesFailure(404, `${what} not found`);
export const invalid = (message: string): FungiesFailure => new FungiesFailure(400, message);

/** What the state forbids is refused under HTTP 200: only `status` in the body tells. */
export const refusedUnder200 = (message: string): FungiesFailure => new FungiesFailure(200, message, true);

export function errorAnswer(status: number, message: string, isBare = false): Answer {
  return { status, body: { status: 'error', error: isBare ? message : { message } } };
}

export function failureAnswer(error: unknown): Answer {
  if (error instanceof FungiesFailure) return errorAnswer(error.status, error.message, error.isBare);
  return errorAnswer(500, error instanceof Error ? error.message : String(error));
}

export const success = (data: object): Answer => ({ status: 200, body: { status: 'success', data } });
