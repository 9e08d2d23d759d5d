import type { Command } from 'commander';
import { CliFailure, exitCodes } from '../failure.ts';
import { at, listAt, numberAt, textAt, type Json } from '../json.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, percent, section, sheet, show, type Column } from '../show.ts';

/** `status`: whether the system works, and what waits for a person. */
export function addStatus(program: Command, shell: Shell): void {
  program
    .command('status')
    .description('does everything work, what runs, and what waits for a person')
    .addHelpText(
      'after',
      `
Ends with 0 while the system is ready and every provider in service, with 1 otherwise: fit for a watchdog.

Examples:
  plinto-billing status
  plinto-billing --profile production status --json | jq .waiting`,
    )
    .action(async (_options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const status = await readStatus(session);
      session.print(status, () => describe(status, session));
      if (at(status, 'ok') === true) return;
      throw new CliFailure({
        ...{ exitCode: exitCodes.failed, code: 'not_ready' },
        detail: `Not in order: ${listAt(status, 'problems').map(show).join('; ')}.`,
      });
    });
}

/** What it is made of is documented in docs/cli.md; it only grows. */
async function readStatus({ api }: Session): Promise<Json> {
  const [ready, providers, drift, reports, reviews, setAside, rollouts, migrations] = await Promise.all([
    api.look('/readyz'),
    api.get('/ops/providers'),
    api.get('/ops/reconciliations/summary'),
    api.list('/billing/usage-reports', {}, 1),
    api.list('/ops/reviews', { status: 'open' }, 100),
    api.list('/ops/webhook-events', { status: 'set_aside' }, 100),
    api.list('/ops/rollouts', {}, 20),
    api.list('/ops/migrations', {}, 20),
  ]);
  const configured = listAt(providers, 'data').filter((each) => at(each, 'configured') === true);
  const missing = listAt(ready.body, 'missing').map(show);
  const shown = configured.map((each) => providerOf(each, listAt(drift, 'data')));
  const problems = [...missing.map((what) => `${what} is missing`), ...shown.flatMap(troubleOf)];
  return {
    ok: problems.length === 0,
    problems,
    target: { api_url: api.target.apiUrl, mode: api.target.mode, source: api.target.source },
    ready: ready.status === 200,
    missing,
    providers: shown,
    running: {
      rollouts: rollouts.data.filter(isOpen).map(briefly),
      migrations: migrations.data.filter(isOpen).map(briefly),
      reconciliations: listAt(drift, 'data').flatMap((each) => at(each, 'open_id') ?? []),
    },
    last_usage_report: reports.data[0] === undefined ? null : briefly(reports.data[0]),
    waiting: { reviews: counted(reviews), webhooks_set_aside: counted(setAside) },
  };
}

/** `more`: there are more than were counted. */
function counted(page: { readonly data: readonly Json[]; readonly next_cursor: string | null }): Json {
  return { count: page.data.length, more: page.next_cursor !== null };
}

const ended = new Set(['completed', 'rolled_back', 'aborted', 'failed', 'succeeded', 'canceled']);

function isOpen(row: Json): boolean {
  return !ended.has(textAt(row, 'status') ?? '');
}

function briefly(row: Json): Json {
  return Object.fromEntries(['id', 'name', 'status', 'why'].map((name) => [name, at(row, name) ?? null]));
}

function providerOf(provider: Json, drifts: readonly Json[]): Json {
  const id = textAt(provider, 'id');
  const drift = drifts.find((each) => textAt(each, 'provider') === id);
  return {
    id,
    state: at(provider, 'health.state') ?? null,
    failure_share: at(provider, 'health.failure_share') ?? null,
    last_failure: at(provider, 'health.last_failure') ?? null,
    credentials_rejected_at: at(provider, 'health.credentials_rejected_at') ?? null,
    agreement_7d: at(drift, 'measured_7d') ?? null,
  };
}

function troubleOf(provider: Json): readonly string[] {
  const id = show(at(provider, 'id'));
  const isRejected = at(provider, 'credentials_rejected_at') !== null;
  return [
    ...(textAt(provider, 'state') === 'open' ? [`${id} is out of service`] : []),
    ...(isRejected ? [`${id} refuses our credentials`] : []),
  ];
}

function describe(status: Json, { terminal }: Session): string {
  const isOk = at(status, 'ok') === true;
  const providers: readonly Column[] = [
    ...columnsOf('id', 'state'),
    { title: 'failing', of: (row) => percent(numberAt(row, 'failure_share')) },
    { title: 'last failure', of: 'last_failure' },
    { title: 'agrees (7 days)', of: (row) => percent(numberAt(row, 'agreement_7d'), 3) },
  ];
  const brief: readonly Column[] = [...columnsOf('id', 'name', 'status'), { title: 'why', of: 'why', wraps: true }];
  const number = (path: string) => (row: Json) =>
    `${show(at(row, `waiting.${path}.count`))}${at(row, `waiting.${path}.more`) === true ? ' and more' : ''}`;
  return [
    terminal.paint(isOk ? 'green' : 'red', isOk ? '✓ ready' : `✗ ${listAt(status, 'problems').map(show).join('; ')}`),
    sheet(
      [
        {
          title: 'api',
          of: (row) =>
            `${show(at(row, 'target.api_url'))} (${show(at(row, 'target.mode'))}, by ${show(at(row, 'target.source'))})`,
        },
        { title: 'reviews for a person', of: number('reviews') },
        { title: 'webhooks set aside', of: number('webhooks_set_aside') },
        {
          title: 'last usage report',
          of: (row) =>
            at(row, 'last_usage_report') === null
              ? '–'
              : `${show(at(row, 'last_usage_report.status'))}: ${show(at(row, 'last_usage_report.why'))}`,
        },
        { title: 'reconciling', of: 'running.reconciliations' },
      ],
      status,
    ),
    ...section('Providers', providers, listAt(status, 'providers'), terminal.width),
    ...section('Rollouts', brief, listAt(status, 'running.rollouts'), terminal.width),
    ...section('Migrations', brief, listAt(status, 'running.migrations'), terminal.width),
  ].join('\n');
}
