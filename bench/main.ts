import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runAccessBench } from './access/run.ts';
import { runCheckoutBench } from './checkout/run.ts';
import { runMeterBench } from './meters/run.ts';
import { runOutageBench } from './outage/run.ts';
import { runRenewalBench } from './renewals/run.ts';
import { renderReport, type Report } from './report/report.ts';
import { runPortalBench } from './portal/run.ts';
import { openTarget } from './stack/open-target.ts';
import { runUsageBench } from './usage/run.ts';
import { runRoutingBench } from './routing/run.ts';
import { runWebhookBench } from './webhook/run.ts';

const usage = `npm run bench -- checkout|webhook|access|portal|renewals|outage|routing|meters|usage [options]

  checkout        checkouts at 5/s and 15/s beside the empty update-with-start, history sizes, a hanging provider
  webhook         acknowledgements at 500/s beside a bare endpoint, and whether all of them were applied
  access          access checks at 1,000/s beside a bare endpoint that reads one row
  portal          links to the customer portal at 500/s beside a bare endpoint
  renewals        subscriptions that renew in the same second, beside as many signals to idle workflows
  outage          checkouts at 10/s while one provider answers nothing: the others, the breaker, the way back
  meters          a month's total of 10 million events of one organization, beside counting them
  usage           events per second in batches and one at a time, beside COPY and a bare endpoint that inserts one row
  routing         decisions per second of one core, beside the answer's shape alone; starts nothing

  --rate 5,15     rates per second (webhook, access, portal, outage: one)
  --seconds 20    how long each rate is held (outage: 600)
  --country MX    outage: whose provider answers nothing
  --paid 5        webhook: checkouts paid per second, whose whole sequences are part of the storm
  --count 10000   renewals: how many (meters: 10000000)
  --batch 100     usage: in batches of so many, and nothing else
  --single        usage: one at a time, and nothing else
  --events N      usage: so many in batches, while the API's memory is watched
  --import        usage: with --events, as one import
  --own           an own stack even if one is running
  --seed 1        of the webhooks' order, and of routing's questions
  --json FILE     everything that was measured, as JSON ("-": to stdout instead of the table)
  --help          this text

Uses the stack that npm start runs, or else starts one of its own in a temporary directory. Ends with 1 if a target is
missed. Figures compare within one run only: see docs/benchmarks.md.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    seconds: { type: 'string' },
    country: { type: 'string', default: 'MX' },
    paid: { type: 'string', default: '5' },
    count: { type: 'string' },
    batch: { type: 'string' },
    single: { type: 'boolean', default: false },
    events: { type: 'string' },
    import: { type: 'boolean', default: false },
    own: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const usualRates = {
  checkout: '5,15',
  webhook: '500',
  access: '1000',
  portal: '500',
  renewals: '1',
  outage: '10',
  routing: '1',
  meters: '1',
  usage: '1',
} as const;
const bothParts = ['batch', 'single'] as const;
const [which] = positionals;
if (values.help) {
  console.log(usage);
} else if (!isBench(which)) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const report = await run(which);
  if (values.json === '-') console.log(JSON.stringify(report, null, 2));
  else console.log(`\n${renderReport(report)}`);
  if (values.json !== undefined && values.json !== '-')
    writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.targets.every(({ isHeld }) => isHeld) ? 0 : 1;
}

async function run(bench: keyof typeof usualRates): Promise<Report> {
  const print = (line: string) => console.error(line);
  if (bench === 'routing') return runRoutingBench({ seed: asNumber(values.seed), print });
  const rates = (values.rate ?? usualRates[bench]).split(',').map(asNumber);
  const seconds = asNumber(values.seconds ?? (bench === 'outage' ? '600' : '20'));
  const opened = await openTarget({ isOwn: values.own, print });
  const { target, whose } = opened;
  try {
    if (bench === 'checkout') return await runCheckoutBench({ target, whose, rates, seconds, print });
    if (bench === 'renewals')
      return await runRenewalBench({ target, whose, isOwn: opened.isOwn, count: countOr('10000'), print });
    if (bench === 'meters')
      return await runMeterBench({ target, whose, isOwn: opened.isOwn, count: countOr('10000000'), print });
    if (bench === 'usage') return await runUsageBench({ target, whose, seconds, print, ...usageParts() });
    const [rate = 500] = rates;
    if (bench === 'access') return await runAccessBench({ target, whose, rate, seconds, print });
    if (bench === 'outage')
      return await runOutageBench({
        target,
        whose,
        isOwn: opened.isOwn,
        rate,
        seconds,
        country: values.country,
        print,
      });
    if (bench === 'portal') return await runPortalBench({ target, whose, rate, seconds, print });
    const paidPerSecond = asNumber(values.paid);
    return await runWebhookBench({ target, whose, rate, seconds, paidPerSecond, seed: asNumber(values.seed), print });
  } finally {
    await opened.close();
  }
}

function countOr(usual: string): number {
  return asNumber(values.count ?? usual);
}

function usageParts() {
  const parts = values.single ? ['single' as const] : values.batch === undefined ? bothParts : ['batch' as const];
  const events = values.events === undefined ? null : asNumber(values.events);
  return { parts, batch: asNumber(values.batch ?? '100'), events, isImport: values.import };
}

function asNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`"${text}" is no positive number`);
  return value;
}

function isBench(text: string | undefined): text is keyof typeof usualRates {
  return text !== undefined && Object.hasOwn(usualRates, text);
}
