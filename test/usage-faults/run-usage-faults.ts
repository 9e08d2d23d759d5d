import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { render, replayCommand } from './render.ts';
import { runUsageFaults } from './usage-faults-run.ts';

const usage = `npm run usage-faults -- [--events 1000000] [--rate 2500] [--seed N]

Starts a stack of its own, subscribes organizations at each provider that can count, and sends that many events, --rate a
second, one in five of them for the second time: one by one, in batches, as CloudEvents and as imports, twice at once, again
after broken connections, corrected later. Meanwhile providers hang with and without the work done, fail, reset, limit and
garble, webhooks get lost, worker, API and relay are killed with SIGKILL, and reports are asked for again and again. Then all
is counted: every event once here, by the plan's own arithmetic, once at its provider, by the provider's own meters, and once
in the reports, with nothing pending. Ends with 1 if not.

A failing run keeps its state directory with the logs, and prints the command that draws the same plan again.`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    rate: { type: 'string', default: '2500' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const positive = (name: 'events' | 'rate' | 'seed', isWhole: boolean): number => {
  const value = Number(values[name]);
  const isFine = value > 0 && Number.isFinite(value) && (!isWhole || Number.isSafeInteger(value));
  if (!isFine) throw new Error(`--${name} must be a ${isWhole ? 'whole ' : ''}number above 0, not "${values[name]}"`);
  return value;
};

if (values.help) console.log(usage);
else {
  const dose = {
    seed: positive('seed', true),
    events: positive('events', true),
    ratePerSecond: positive('rate', false),
  };
  // Leaving by `exit` takes the stack's processes along.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  console.log(`seed ${dose.seed}; the same plan again: ${replayCommand(dose)}`);
  const result = await runUsageFaults(dose, (line) => console.log(line));
  console.log(render(result));
  process.exitCode = result.faults.length === 0 ? 0 : 1;
}
