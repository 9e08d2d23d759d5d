import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** What a run of faults is asked for on the command line. */
interface FaultCommand<Count extends string> {
  readonly usage: string;
  /** What there are so many of, and how many unless told. */
  readonly count: Count;
  readonly counted: number;
  readonly rate: number;
}

type CommandDose<Count extends string> = Readonly<Record<Count, number>> & {
  readonly seed: number;
  readonly ratePerSecond: number;
};

/**
 * Reads `--<count>`, `--rate` and `--seed`.
 *
 * @returns null: `--help` was printed.
 * @throws where one is no number above 0.
 */
export function parseDose<Count extends string>(command: FaultCommand<Count>): CommandDose<Count> | null {
  const { values } = parseArgs({
    options: {
      [command.count]: { type: 'string', default: String(command.counted) },
      rate: { type: 'string', default: String(command.rate) },
      seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values['help']) {
    console.log(command.usage);
    return null;
  }
  const positive = (name: string, isWhole: boolean): number => {
    const value = Number(values[name]);
    const isFine = value > 0 && Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value));
    if (!isFine)
      throw new Error(`--${name} must be a ${isWhole ? 'whole ' : ''}number above 0, not "${String(values[name])}"`);
    return value;
  };
  const counted = { [command.count]: positive(command.count, true) } as Readonly<Record<Count, number>>;
  return { ...counted, seed: positive('seed', true), ratePerSecond: positive('rate', false) };
}

/** Runs it to the verdict, which is the exit code. Leaving by `exit` takes the stack's processes along. */
export async function carryOut<Result extends { readonly faults: readonly string[] }>(
  again: string,
  run: (print: (line: string) => void) => Promise<Result>,
  render: (result: Result) => string,
): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  console.log(`the same plan again: ${again}`);
  const result = await run((line) => console.log(line));
  console.log(render(result));
  process.exitCode = result.faults.length === 0 ? 0 : 1;
}
