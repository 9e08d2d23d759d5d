import { availableParallelism } from 'node:os';
import { parseArgs, styleText } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { simulateLives, type Simulated } from './simulate/simulate-lives.ts';

const usage = `Usage: npm run simulate [-- --years 1000000] [--seed 1] [--life <number>] [--workers <number>] [--json]

Plays subscriptions from their first day to their end against the domain alone: providers that renew, decline, recover,
pause and end them, disputes, webhooks that are lost, doubled, late and out of order, and vouchers that are paid early,
late, twice or never. After every step it checks that no period is charged twice, that nothing that ended comes back,
that periods are the calendar's, that access is what the policy says, and that every late payer recovers or is ended.

  --years    subscription-years to play in all; default 1000000
  --seed     decides every life; default 1
  --life     play only this life of the seed, as a broken run names it
  --workers  threads; default: as many as there are cores
  --json     the outcome as JSON, without a progress bar

Exit code 0 only if every invariant held.`;

interface Task {
  readonly seed: number;
  readonly years: number;
  readonly first: number;
  readonly every: number;
}
type Message =
  { readonly kind: 'told'; readonly years: number } | { readonly kind: 'done'; readonly simulated: Simulated };

if (isMainThread) process.exit(await main());
else play(workerData as Task);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      years: { type: 'string' },
      seed: { type: 'string' },
      life: { type: 'string' },
      workers: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  if (values.help) return say(usage);
  const seed = wholeOf('--seed', values.seed, 1);
  const years = wholeOf('--years', values.years, 1_000_000);
  const workers = Math.max(1, wholeOf('--workers', values.workers, availableParallelism()));
  const only = values.life === undefined ? null : wholeOf('--life', values.life, 0);
  const beganMs = performance.now();
  const isQuiet = values.json === true || !process.stderr.isTTY;
  const played =
    only === null
      ? await playAll({
          seed,
          years,
          workers,
          told: isQuiet ? () => undefined : (done) => showProgress(done, years, beganMs),
        })
      : simulateLives({ seed, years: Number.MIN_VALUE, first: only });
  if (!isQuiet) process.stderr.write('\n');
  return report(played, { seed, seconds: (performance.now() - beganMs) / 1_000, isJson: values.json === true });
}

/** Every worker takes its own lives, so that a seed gives the same ones however many there are. */
async function playAll(input: {
  readonly seed: number;
  readonly years: number;
  readonly workers: number;
  readonly told: (years: number) => void;
}): Promise<Simulated> {
  const { seed, workers, told } = input;
  const toldBy = new Map<number, number>();
  const threads: Worker[] = [];
  const parts = Array.from({ length: workers }, (_, first) => {
    const task: Task = { seed, years: input.years / workers, first, every: workers };
    const thread = new Worker(new URL(import.meta.url), { workerData: task });
    threads.push(thread);
    return new Promise<Simulated>((resolve, reject) => {
      thread.on('error', reject);
      thread.on('message', (message: Message) => {
        if (message.kind === 'done') return resolve(message.simulated);
        toldBy.set(first, message.years);
        told([...toldBy.values()].reduce((a, b) => a + b, 0));
      });
    });
  });
  const done = await Promise.all(parts);
  await Promise.all(threads.map((thread) => thread.terminate()));
  return {
    lives: done.reduce((sum, { lives }) => sum + lives, 0),
    years: done.reduce((sum, { years }) => sum + years, 0),
    broken: done.find(({ broken }) => broken !== null)?.broken ?? null,
  };
}

function play(task: Task): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  const send = (message: Message) => parentPort?.postMessage(message);
  let toldMs = 0;
  const told = (years: number) => {
    if (performance.now() - toldMs < 200) return;
    toldMs = performance.now();
    send({ kind: 'told', years });
  };
  send({ kind: 'done', simulated: simulateLives({ ...task, told }) });
}

function report(
  played: Simulated,
  run: { readonly seed: number; readonly seconds: number; readonly isJson: boolean },
): number {
  const { lives, years, broken } = played;
  const rate = Math.round(years / run.seconds);
  const seconds = Math.round(run.seconds * 10) / 10;
  if (run.isJson) {
    const outcome = { seed: run.seed, lives, years: Math.round(years), seconds, years_per_second: rate, broken };
    console.log(JSON.stringify(outcome, null, 2));
  } else {
    const number = (value: number) => Math.round(value).toLocaleString('en-US');
    console.log(`${number(lives)} lives, ${number(years)} years in ${seconds} s: ${number(rate)} years per second`);
    if (broken === null) console.log(styleText('green', '✓ every invariant held'));
    else {
      console.log(styleText('red', `✗ life ${broken.life} broke “${broken.invariant}”\n  ${broken.detail}`));
      console.log(`Again: npm run simulate -- --seed ${run.seed} --life ${broken.life}`);
    }
  }
  return broken === null ? 0 : 1;
}

function showProgress(done: number, years: number, beganMs: number): void {
  const share = Math.min(1, done / years);
  const bar = '█'.repeat(Math.round(share * 30)).padEnd(30, '░');
  const rate = Math.round(done / ((performance.now() - beganMs) / 1_000));
  process.stderr.write(
    `\r${bar} ${Math.floor(share * 100)} %  ${Math.round(done).toLocaleString('en-US')} years, ${rate}/s `,
  );
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function wholeOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`${name} takes a whole number, not “${text}”. See --help.`);
  process.exit(2);
}
