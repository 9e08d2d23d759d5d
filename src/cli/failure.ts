import type { Json, JsonObject } from './json.ts';

/** How the process ends; documented in docs/cli.md and never renumbered. */
export const exitCodes = {
  ok: 0,
  /** What was watched ended badly, a check did not hold, or a file could not be written. */
  failed: 1,
  /** The command line, a profile or a file it names is wrong. Nothing was sent. */
  usage: 2,
  /** The API said no (4xx). Nothing was changed. */
  refused: 3,
  /** No answer, or none that could be used (5xx). */
  unreachable: 4,
  /** It cannot be undone and nobody agreed. Nothing was sent. */
  notConfirmed: 5,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface FailureOptions {
  readonly exitCode: ExitCode;
  /** The API's own error code, or one of docs/cli.md. */
  readonly code: string;
  /** What happened, in a sentence. */
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string | null;
  /** As the API sent it. */
  readonly problem?: JsonObject | null;
  /** Of the write whose outcome is not known: with it, it may be sent again. */
  readonly idempotencyKey?: string | null;
}

/** Why a command ended without doing what was asked. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly fix: string | null;
  readonly problem: JsonObject | null;
  readonly idempotencyKey: string | null;

  constructor({ exitCode, code, detail, fix = null, problem = null, idempotencyKey = null }: FailureOptions) {
    super(detail);
    this.exitCode = exitCode;
    this.code = code;
    this.fix = fix;
    this.problem = problem;
    this.idempotencyKey = idempotencyKey;
  }
}

export function usageFailure(detail: string, fix: string | null = null): CliFailure {
  return new CliFailure({ exitCode: exitCodes.usage, code: 'usage', detail, fix });
}

/** What `--json` prints on standard error. */
export function failureJson(failure: CliFailure): Json {
  const { problem } = failure;
  return {
    error: {
      exit_code: failure.exitCode,
      code: failure.code,
      detail: failure.message,
      fix: failure.fix,
      status: problem?.['status'] ?? null,
      errors: problem?.['errors'] ?? [],
      request_id: problem?.['request_id'] ?? null,
      docs: problem?.['type'] ?? null,
      idempotency_key: failure.idempotencyKey,
    },
  };
}
