import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runFaults } from './faults-run.ts';
import { render, replayCommand } from './render.ts';

const usage = `npm run faults -- [--checkouts 10000] [--rate 10] [--seed N]

Starts a stack of its own and sends that many buyers through it, --rate a second, while providers hang with and without
the work done, fail in bursts, reset, limit and garble, webhooks get lost, doubled, late and out of order, and worker, API
and relay are killed with SIGKILL. Some sessions that nobody was given are paid. Then the books of both sides are compared:
nobody charged twice, nobody's money missing, equal to the minor unit, nothing left unresolved. Ends with 1 if not.

Waits between looks at a quiet checkout are a tenth of what they stand for: 90 s here are the 15 minutes that a checkout
may take after the faults. What is unknown is judged by the wall clock, uncompressed: p99 at most 2 minutes.
A failing run keeps its state directory with the logs, and prints the command that draws the same plan again.`;

const { values } = parseArgs({
  options: {
    checkouts: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const positive = (name: 'checkouts' | 'rate' | 'seed', isWhole: boolean): number => {
  const value = Number(values[name]);
  const isFine = value > 0 && Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value));
  if (!isFine) throw new Error(`--${name} must be a ${isWhole ? 'whole ' : ''}number above 0, not "${values[name]}"`);
  return value;
};

if (values.help) console.log(usage);
else {
  const dose = {
    seed: positive('seed', true),
    checkouts: positive('checkouts', true),
    ratePerSecond: positive('rate', false),
  };
  // Leaving by `exit` takes the stack's processes along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  console.log(`seed ${dose.seed}; the same plan again: ${replayCommand(dose)}`);
  const result = await runFaults(dose, (line) => console.log(line));
  console.log(render(result));
  process.exitCode = result.faults.length === 0 ? 0 : 1;
}
