import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runChaos, type ChaosResult } from './chaos-run.ts';

const usage = `npm run chaos -- [--checkouts 200] [--kills 20] [--round-seconds 15] [--seed N]

Starts a stack of its own and, while that many checkouts are opened and paid at three providers, kills API, worker,
relay and Temporal with SIGKILL, --kills times each, every --round-seconds once. Half of the webhooks come twice, a tenth
never. Then three books must agree: the API's answers, our payments, the providers' ledger. Ends with 1 if they do not.
A failing run keeps its state directory with the logs, and prints how to run it again.`;

const { values } = parseArgs({
  options: {
    checkouts: { type: 'string', default: '200' },
    kills: { type: 'string', default: '20' },
    'round-seconds': { type: 'string', default: '15' },
    seed: { type: 'string', default: String(randomInt(1, 1_000_000)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) console.log(usage);
else {
  const result = await runChaos({
    checkouts: Number(values.checkouts),
    kills: Number(values.kills),
    roundSeconds: Number(values['round-seconds']),
    seed: Number(values.seed),
    print: (line) => console.log(line),
  });
  console.log(render(result));
  process.exitCode = result.faults.length === 0 ? 0 : 1;
}

function render({ dose, kills, plans, charged, faults, retries, seconds, keptIn }: ChaosResult): string {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  return [
    `seed ${dose.seed}, ${seconds} s; ${dose.checkouts} buyers: ${list(plans)}`,
    `killed: ${list(kills)}; requests sent again: ${retries}`,
    `charged and recorded, in minor units: ${list(charged)}`,
    ...(faults.length === 0
      ? ['✓ every checkout ended right, the books agree, nobody was charged twice']
      : [
          `✗ ${faults.length} faults`,
          ...faults.map((fault) => `  ${fault}`),
          `again: npm run chaos -- --seed ${dose.seed} --checkouts ${dose.checkouts} --kills ${dose.kills} --round-seconds ${dose.roundSeconds}`,
          ...(keptIn === null ? [] : [`its logs: ${keptIn}/logs`]),
        ]),
  ].join('\n');
}
