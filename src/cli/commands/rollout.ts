import { InvalidArgumentError, type Command } from 'commander';
import { change, changing, type ChangeOptions } from '../change.ts';
import { at, isObject, listAt, numberAt, textAt, type Json } from '../json.ts';
import { count, fraction, listing, type ListOptions } from '../options.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, duration, percent, section, sheet, show, table, type Column } from '../show.ts';
import {
  addAct,
  addReadings,
  nameOf,
  printList,
  printStarted,
  segment,
  type StartOptions,
  type Subject,
} from '../subject.ts';

const path = '/ops/rollouts';

const rollouts: Subject = {
  ...{ noun: 'rollout', command: 'rollout', path, stop: 'rollback' },
  columns: [
    ...columnsOf('id', 'name', 'from', 'to', 'status'),
    { title: 'stage', of: 'place' },
    { title: 'why', of: 'why', wraps: true },
  ],
  filters: [{ name: 'status', says: 'running, paused, completed or rolled_back' }],
  describe,
  progress(row) {
    const stages = Math.max(1, listAt(row, 'stages').length);
    return { share: (numberAt(row, 'stage') ?? 0) / stages, text: `${stageOf(row)}  ${show(at(row, 'why'))}` };
  },
  end(row) {
    const status = textAt(row, 'status');
    return status === 'completed' ? 'good' : status === 'rolled_back' ? 'bad' : null;
  },
};

/** `rollout`: new customers led from one provider to another, stage by stage. */
export function addRollout(program: Command, shell: Shell): void {
  const parent = program
    .command('rollout')
    .description('lead new customers from one provider to another, stage by stage')
    .addHelpText(
      'after',
      `
A rollout watches itself: it goes on to its next stage when the new provider has shown to serve as well as the old,
and goes back by itself when it does not. Whoever was once placed stays there.

Examples:
  plinto-billing rollout start --name "To NEW" --from OLD --to NEW --stages 1,10,50,100 --dry-run
  plinto-billing rollout start --name "To NEW" --from OLD --to NEW --stages first:50,10,50,100
  plinto-billing rollout show ro_…                  both arms side by side, and why it stands where it does
  plinto-billing rollout watch ro_…
  plinto-billing rollout promote ro_…               to the next stage now
  plinto-billing rollout rollback ro_… --dry-run    what going back would mean`,
    );
  addStart(parent, shell);
  addReadings(parent, shell, rollouts);
  addAct(parent, shell, rollouts, {
    ...{ name: 'pause', description: 'stay in this stage; it neither goes on nor back by itself', final: null },
    says: (row) =>
      `Holds ${nameOf(row)} at ${stageOf(row)}: new customers are placed as before, and it neither goes on nor back by itself.`,
  });
  addAct(parent, shell, rollouts, {
    ...{ name: 'resume', description: 'let a held one go on', final: null },
    says: (row) => `Resumes ${nameOf(row)} in ${stageOf(row)}.`,
  });
  addAct(parent, shell, rollouts, {
    ...{ name: 'promote', description: 'go on to the next stage now, or complete in the last one' },
    says: (row) =>
      isLast(row)
        ? `Completes ${nameOf(row)}: routing alone decides from now on.`
        : `Takes ${nameOf(row)} from ${stageOf(row)} to the next stage now.`,
    final: (row) => (isLast(row) ? 'A completed rollout cannot be opened again.' : null),
  });
  addAct(parent, shell, rollouts, {
    ...{ name: 'rollback', description: 'every new customer goes to the old provider again' },
    says: (row) => `Rolls back ${nameOf(row)}: every new customer goes to ${show(at(row, 'from'))} again.`,
    final: () => 'A rollout that was rolled back cannot go on; a new one can begin.',
  });
  addStage(parent, shell);
  addAssignments(parent, shell);
}

interface RolloutOptions extends StartOptions {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly product?: string;
  readonly stages?: readonly Json[];
  readonly minSamples?: number;
  readonly stageMinutes?: number;
  readonly alpha?: number;
  readonly margin?: number;
  readonly maxErrorRate?: number;
  readonly maxWebhookDelayMs?: number;
  readonly legacyFallback: boolean;
}

/** `10` or `10%`, `first:50`, `only:org_1+org_2`. */
function stages(text: string): readonly Json[] {
  return text.split(',').map((each) => {
    const word = each.trim();
    const [, share] = /^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(word) ?? [];
    if (share !== undefined && Number(share) > 0 && Number(share) <= 100) return Number(share);
    const [, first] = /^first:(\d{1,7})$/.exec(word) ?? [];
    if (first !== undefined) return { first: Number(first) };
    const [, only] = /^only:([A-Za-z0-9_+-]+)$/.exec(word) ?? [];
    if (only !== undefined) return { organizations: only.split('+') };
    throw new InvalidArgumentError('Stages are like 1,10,50,100 (percent), first:50 (customers) or only:org_1+org_2.');
  });
}

function addStart(parent: Command, shell: Shell): void {
  const command = parent
    .command('start')
    .description('begin a rollout')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--from <provider>', 'whom new customers leave: the control arm')
    .requiredOption('--to <provider>', 'whom they are led to')
    .option('--product <key>', 'of one product only; without it: of all')
    .option('--stages <list>', 'such as 1,10,50,100 (percent), first:50 (customers), only:org_1+org_2', stages)
    .option('--min-samples <n>', 'known outcomes per arm that a stage needs', count)
    .option('--stage-minutes <n>', 'how long a stage lasts at least', count)
    .option('--alpha <share>', 'the chance, over the whole run, that equal arms are rolled back', fraction)
    .option('--margin <share>', 'how much worse the new one may be for a stage to go on: 0.02 is 2 points', fraction)
    .option('--max-error-rate <share>', 'at once: openings at the new one that may fail', fraction)
    .option('--max-webhook-delay-ms <ms>', 'at once: how late the new one’s webhooks may come (p95)', count)
    .option('--no-legacy-fallback', 'the old one does not step in where the new one fails')
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: true }).action(async (options: RolloutOptions, self: Command) => {
    const session = openSession(shell, self);
    const { from, to, product } = options;
    const row = await change(session, options, {
      ...{ method: 'POST', path, body: bodyOf(options), final: null },
      says: `Begins to lead new customers${product === undefined ? '' : ` of ${product}`} from ${from} to ${to}, by the first stage.`,
      ...(options.dryRun === true && { now: { ...(await session.api.list(path, {}, 20)) } }),
    });
    if (row !== null) await printStarted(session, rollouts, row, options);
  });
}

function bodyOf(options: RolloutOptions) {
  const { name, from, to, product, minSamples, stageMinutes, alpha, margin, maxErrorRate, maxWebhookDelayMs } = options;
  return {
    ...{ name, from, to },
    ...(product !== undefined && { product_id: product }),
    ...(options.stages !== undefined && { stages: options.stages }),
    ...(minSamples !== undefined && { min_samples: minSamples }),
    ...(stageMinutes !== undefined && { stage_minutes: stageMinutes }),
    ...(alpha !== undefined && { alpha }),
    ...(margin !== undefined && { margin }),
    ...(maxErrorRate !== undefined && { max_error_rate: maxErrorRate }),
    ...(maxWebhookDelayMs !== undefined && { max_webhook_delay_ms: maxWebhookDelayMs }),
    ...(!options.legacyFallback && { keeps_legacy_fallback: false }),
  };
}

function addStage(parent: Command, shell: Shell): void {
  const command = parent.command('stage <id> <number>').description('set the stage, forwards or back; the first is 1');
  changing(command, { asks: false, previews: true }).action(
    async (id: string, number: string, options: ChangeOptions, self: Command) => {
      const session = openSession(shell, self);
      const own = `${path}/${segment(id)}`;
      const now = await session.api.get(own);
      const stage = count(number) - 1;
      const row = await change(session, options, {
        ...{ method: 'POST', path: `${own}/stage`, body: { stage }, now, final: null },
        says: `Takes ${nameOf(now)} from ${stageOf(now)} to stage ${number}. Whoever was placed before stays there.`,
      });
      if (row !== null) session.print(row, () => describe(row, session));
    },
  );
}

function addAssignments(parent: Command, shell: Shell): void {
  listing(parent.command('assignments <id>').description('who was placed in which arm'))
    .option('--arm <arm>', 'control or treatment')
    .action(async (id: string, options: ListOptions & { readonly arm?: string }, command: Command) => {
      await printList(openSession(shell, command), {
        ...{ path: `${path}/${segment(id)}/assignments`, query: { arm: options.arm }, options },
        columns: columnsOf(
          'organization_id',
          'arm',
          'outcome',
          'provider',
          'stage',
          'bucket',
          'checkout_id',
          'created_at',
        ),
      });
    });
}

const isLast = (row: Json): boolean => (numberAt(row, 'stage') ?? 0) >= listAt(row, 'stages').length - 1;

/** `10 % of new customers (stage 2 of 4)` */
const stageOf = (row: Json): string => show(at(row, 'place'));

/** Both arms side by side: one line per figure. */
const figures: readonly { readonly title: string; readonly of: (arm: Json | undefined) => string }[] = [
  { title: 'customers', of: (arm) => show(at(arm, 'customers')) },
  { title: 'paid', of: (arm) => show(at(arm, 'succeeded')) },
  { title: 'failed', of: (arm) => show(at(arm, 'failed')) },
  { title: 'not known yet', of: (arm) => show(at(arm, 'unknown')) },
  { title: 'success rate', of: (arm) => percent(numberAt(arm, 'success_rate')) },
  { title: 'openings', of: (arm) => show(at(arm, 'openings')) },
  { title: 'openings that failed', of: (arm) => failedOpenings(arm) },
  { title: 'webhook delay (p95)', of: (arm) => duration(numberAt(arm, 'webhook_delay_ms.p95')) },
  { title: 'checkout time (p95)', of: (arm) => duration(numberAt(arm, 'checkout_ms.p95')) },
];

function failedOpenings(arm: Json | undefined): string {
  return `${show(at(arm, 'opening_errors'))} (${percent(numberAt(arm, 'error_rate'))})`;
}

function describe(row: Json, { terminal }: Session): string {
  const head = sheet(
    [
      ...columnsOf('id', 'name', 'from', 'to', 'product_id', 'status'),
      { title: 'stage', of: 'place' },
      { title: 'why', of: 'why' },
      { title: 'now', of: 'outlook.why' },
      { title: 'still needed', of: 'outlook.missing' },
      { title: 'since', of: 'stage_started_at' },
      { title: 'finished', of: 'finished_at' },
    ],
    row,
  );
  const compared: readonly Column[] = [
    { title: '', of: 'title' },
    { title: `${show(at(row, 'from'))} (control)`, of: 'control' },
    { title: `${show(at(row, 'to'))} (treatment)`, of: 'treatment' },
  ];
  const lines = figures.map(({ title, of }) => ({
    ...{ title, control: of(at(row, 'arms.control')), treatment: of(at(row, 'arms.treatment')) },
  }));
  const looks = [...columnsOf('at', 'stage', 'decision', 'actor'), { title: 'why', of: 'why', wraps: true }];
  return [
    head,
    '',
    table(compared, lines, terminal.width),
    ...section('Statistic', columnsOf('title', 'value'), statisticOf(row), terminal.width),
    ...section('What was decided', looks, listAt(row, 'looks'), terminal.width),
  ].join('\n');
}

function statisticOf(row: Json): readonly Json[] {
  const statistic = at(row, 'statistic');
  if (!isObject(statistic)) return [];
  return Object.entries(statistic).map(([name, value]) => ({ title: name.replaceAll('_', ' '), value: show(value) }));
}
