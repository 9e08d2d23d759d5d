import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs, styleText } from 'node:util';
import { rolloutWorlds, type NamedWorld } from './simulate/rollout-worlds.ts';
import { simulateRollout } from './simulate/simulate-rollout.ts';
import { breachOf, summarize, tableOf, type Summary } from './simulate/summarize-rollouts.ts';

const usage = `Usage: npm run simulate:rollout [-- --seeds 1000] [--only <text>] [--list] [--json] [--write]

Plays whole rollouts at the default settings against the product's own gate: customers come by day and night, are drawn
into an arm, pay or do not, and their outcomes become known a day later, some days later, some never. Each world is
played once per seed, and held to what docs/rollouts.md states: equal arms are rolled back in at most 5 % of all runs; a
treatment that serves 85 % instead of 90 % is rolled back before 1,000 customers met it in at least 95 %.

  --seeds  runs of each world that is held to something, and of the others a tenth; default 1000, some ten minutes in all
  --only   only the worlds whose name contains this
  --list   the worlds' names
  --json   the outcome as JSON
  --write  puts the table into docs/rollouts.md

Exit code 0 only if every world kept to it.`;

process.exit(main());

function main(): number {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      seeds: { type: 'string' },
      only: { type: 'string' },
      list: { type: 'boolean' },
      json: { type: 'boolean' },
      write: { type: 'boolean' },
    },
  });
  if (values.help) return say(usage);
  if (values.list) return say(rolloutWorlds.map(({ name }) => name).join('\n'));
  const seeds = Number(values.seeds ?? 1_000);
  if (!Number.isSafeInteger(seeds) || seeds < 1)
    return complain(`--seeds takes a whole number, not “${values.seeds}”.`);
  const worlds = rolloutWorlds.filter(({ name }) => name.includes(values.only ?? ''));
  if (worlds.length === 0) return complain(`No world is called like “${values.only}”. See --list.`);
  if (values.write && worlds.length < rolloutWorlds.length)
    return complain('--write takes all worlds: leave out --only.');
  const summaries = worlds.map((world) => play(world, seedsOf(world, seeds), values.json !== true));
  const table = tableOf(summaries);
  say(values.json ? JSON.stringify(summaries, null, 2) : table);
  if (values.write) writeTable(table);
  return report(summaries);
}

/** What is only shown needs no such care. */
function seedsOf({ promise }: NamedWorld, seeds: number): number {
  return promise === 'none' ? Math.ceil(seeds / 10) : seeds;
}

function play(world: NamedWorld, seeds: number, isTold: boolean): Summary {
  const beganMs = performance.now();
  const runs = Array.from({ length: seeds }, (_, index) => simulateRollout(world, index + 1));
  const seconds = Math.round((performance.now() - beganMs) / 1_000);
  if (isTold) process.stderr.write(`${world.name}: ${seeds} runs in ${seconds} s\n`);
  return summarize(world, runs);
}

function writeTable(table: string): void {
  const file = new URL('../docs/rollouts.md', import.meta.url);
  const text = readFileSync(file, 'utf8');
  const written = text.replace(
    /(<!-- table -->\n)[^]*?(\n<!-- end of table -->)/,
    (_, begin, end) => begin + '\n' + table + end,
  );
  writeFileSync(file, written);
}

function report(summaries: readonly Summary[]): number {
  const breaches = summaries.flatMap((summary) => breachOf(summary) ?? []);
  for (const breach of breaches) console.error(styleText('red', `✗ ${breach}`));
  if (breaches.length === 0) console.error(styleText('green', '✓ every world kept to its error rates'));
  return breaches.length === 0 ? 0 : 1;
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function complain(text: string): number {
  console.error(text);
  return 2;
}
