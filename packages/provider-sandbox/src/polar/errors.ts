import type { Answer } from '../http/answer.ts';

export interface Detail {
  loc: (string | number)[];
  msg: string;
  type: string;
  input?: unknown;
}

export class PolarFailure extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: object) {
    super(`Polar ${status}`);
    this.status = status;
    this.body = body;
  }
}

export const notFound = (): PolarFailure => new PolarFailure(404, { error: 'ResourceNotFound', detail: 'Not found' });

/** A business rule: same body as a schema error, under another name. */
export function refuse(loc: (string | number)[], msg: string, input: unknown, type = 'value_error'): PolarFailure {
  return new PolarFailure(422, { error: 'PolarRequestValidationError', detail: [{ type, loc, msg, input }] });
}

export function failed(status: number, error: string, detail: string): PolarFailure {
  return new PolarFailure(status, { error, detail });
}

export function failureAnswer(error: unknown): Answer {
  if (error instanceof PolarFailure) return { status: error.status, body: error.body };
  return {
    status: 500,
    body: { error: 'InternalServerError', detail: error instanceof Error ? error.message : String(error) },
  };
}
