import { randomInt } from 'node:crypto';
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** How much is asked of a run, and the seed that all of it is drawn by. */
export interface Size {
  readonly seed: number;
  readonly count: number;
  readonly ratePerSecond: number;
}

interface FaultsCommand<Dose, Result> {
  readonly usage: string;
  /** What is counted: the option's name, as `checkouts`. */
  readonly things: string;
  readonly count: number;
  readonly rate: number;
  doseOf(size: Size): Dose;
  run(dose: Dose, print: (line: string) => void): Promise<Result>;
  replayCommand(dose: Dose): string;
  render(result: Result): string;
}

/** A run of faults from the command line: `--<things> --rate --seed`. Ends the process with 1 if anything was wrong. */
export async function runCommand<Dose, Result extends { readonly faults: readonly string[] }>(
  command: FaultsCommand<Dose, Result>,
): Promise<void> {
  const options: NonNullable<ParseArgsConfig['options']> = {
    [command.things]: { type: 'string', default: String(command.count) },
    rate: { type: 'string', default: String(command.rate) },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    help: { type: 'boolean', short: 'h', default: false },
  };
  const { values } = parseArgs({ options });
  if (values['help'] === true) {
    console.log(command.usage);
    return;
  }
  const dose = command.doseOf({
    seed: positive('seed', values['seed'], true),
    count: positive(command.things, values[command.things], true),
    ratePerSecond: positive('rate', values['rate'], false),
  });
  // Leaving by `exit` takes the stack's processes along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  console.log(`the same plan again: ${command.replayCommand(dose)}`);
  const result = await command.run(dose, (line) => console.log(line));
  console.log(command.render(result));
  process.exitCode = result.faults.length === 0 ? 0 : 1;
}

function positive(name: string, given: unknown, isWhole: boolean): number {
  const value = Number(given);
  const isFine = value > 0 && Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value));
  if (!isFine) throw new Error(`--${name} must be a ${isWhole ? 'whole ' : ''}number above 0, not "${String(given)}"`);
  return value;
}

/** The end of what is printed: that all is well, or every fault in a line of its own and how to see it again. */
export function verdict(
  { faults, keptIn }: { readonly faults: readonly string[]; readonly keptIn: string | null },
  allIsWell: string,
  replay: string,
): readonly string[] {
  if (faults.length === 0) return [`✓ ${allIsWell}`];
  return [
    `✗ ${faults.length} faults`,
    ...faults.map((fault) => `  ${fault}`),
    `again: ${replay}`,
    ...(keptIn === null ? [] : [`its logs: ${keptIn}/logs`]),
  ];
}
