import { CommanderError } from 'commander';
import { addCompletion, answerCompletion } from './completion.ts';
import { CliFailure, exitCodes, failureJson, type ExitCode } from './failure.ts';
import { isList, isObject, listAt, textAt, type Json } from './json.ts';
import { createProgram } from './program.ts';
import type { Shell } from './session.ts';

/**
 * Runs one command line and tells how it went, on standard error where it went wrong.
 *
 * @param words Without the program's own name.
 */
export async function run(words: readonly string[], shell: Shell): Promise<ExitCode> {
  const program = createProgram(shell);
  if (words[0] === 'complete' && words[1] === '--') {
    await answerCompletion(program, words.slice(2));
    return exitCodes.ok;
  }
  addCompletion(program, shell);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    const failure = toFailure(error, words);
    if (failure === null) return exitCodes.ok;
    report(failure, words, shell);
    return failure.exitCode;
  }
}

/** @returns null for `--help` and `--version`, which are no failures. */
function toFailure(error: unknown, words: readonly string[]): CliFailure | null {
  if (error instanceof CliFailure) return error;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return null;
    const isHelp = error.code === 'commander.help';
    return new CliFailure({
      ...{ exitCode: exitCodes.usage, code: isHelp ? 'no_command' : 'usage' },
      detail: isHelp ? 'Which command?' : error.message.replace(/^error: /, ''),
      fix: `plinto-billing ${[...commandWords(words), '--help'].join(' ')}`,
    });
  }
  return new CliFailure({
    ...{ exitCode: exitCodes.failed, code: 'internal_error' },
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
    fix: 'This is a fault of the command line: please report it.',
  });
}

/** What comes before the first option: the command whose help is wanted. */
function commandWords(words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return words.slice(0, Math.min(end === -1 ? words.length : end, 2));
}

function report(failure: CliFailure, words: readonly string[], { terminal }: Shell): void {
  if (words.includes('--json')) {
    terminal.err(`${JSON.stringify(failureJson(failure), null, 2)}\n`);
    return;
  }
  const { message, fix, problem, idempotencyKey } = failure;
  // The help itself has been shown.
  if (failure.code === 'no_command') return;
  const requestId = textAt(problem ?? undefined, 'request_id');
  const lines = [
    `${terminal.paint('red', failure.exitCode === exitCodes.interrupted ? '■' : '✗')} ${message}`,
    ...listAt(problem ?? undefined, 'errors').map((fault) => `  ${fieldOf(fault)}: ${textAt(fault, 'detail') ?? ''}`),
    ...possible(problem),
    ...(fix === null ? [] : fix.split('\n').map((line) => `→ ${line}`)),
    ...(idempotencyKey === null
      ? []
      : [`→ Whether it was done is not known. Look, or repeat it safely with --idempotency-key ${idempotencyKey}`]),
    ...(requestId === null ? [] : [terminal.paint('dim', `  ${failure.code}, request ${requestId}`)]),
  ];
  terminal.err(`${lines.join('\n')}\n`);
}

/** `/settings/min_samples` → `settings.min_samples` */
function fieldOf(fault: Json): string {
  return (textAt(fault, 'pointer') ?? '').replace(/^\//, '').replaceAll('/', '.') || 'request';
}

/** What the API names besides, such as the id of what stands in the way. */
function possible(problem: CliFailure['problem']): readonly string[] {
  const own = new Set([
    'type',
    'title',
    'status',
    'code',
    'detail',
    'fix',
    'instance',
    'request_id',
    'errors',
    'retry_after_s',
  ]);
  return Object.entries(problem ?? {}).flatMap(([name, value]) => {
    if (own.has(name) || value === null || isObject(value)) return [];
    return [`  ${name.replaceAll('_', ' ')}: ${isList(value) ? value.map(String).join(', ') : String(value)}`];
  });
}
