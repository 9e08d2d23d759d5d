import { findMigration, findOpenMigration, requestMigration } from '../../db/queries/migrations.ts';
import { presentMigration } from '../../present/migration.ts';
import { summarizeItems } from '../../db/queries/migration-summary.ts';
import { migrationStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import type { Operating } from '../routes/operate-once.ts';
import { createMigrationBody, type CreateMigrationBody } from '../schemas/migration.ts';
import { parseInput } from '../schemas/parse.ts';
import { settingsOf } from './migration-settings.ts';
import { readSubscriptionCsv } from './read-csv.ts';

/** Writes what shall be planned or moved and has its workflow started; while the engine is away, the relay starts it later. */
export async function requestMigrationOnce(deps: ApiDeps, operating: Operating): Promise<Answer> {
  const { em, caller, body, id } = operating;
  if ((await findMigration(em, caller, id)) !== null) return answer(operating);
  const asked = parseInput(createMigrationBody, body);
  await refuseUnable(deps, caller, asked);
  const named = typeof asked.csv === 'string' ? readSubscriptionCsv(asked.csv) : null;
  const settings = await settingsOf(deps, { em, caller, body: asked });
  const { projectId, live, actor } = caller;
  const migration = await requestMigration(em.fork(), {
    ...{ id, projectId, live, actor, settings, named, name: asked.name, dryRun: asked.dry_run },
    ...{ fromProvider: asked.from, toProvider: asked.to ?? null, organizations: asked.organizations ?? null },
  });
  if (migration === null) {
    const open = await findOpenMigration(em.fork(), caller, asked.from);
    throw refusal(
      'migration_running',
      `${open?.id ?? 'Another migration'} is at work with this provider’s customers.`,
      {
        details: { migration_id: open?.id ?? null },
      },
    );
  }
  await askWorkflow(deps.logger, { migration: id }, () => deps.temporal.startMigration(migrationStart(migration)));
  return answer(operating);
}

async function answer({ em, caller, id }: Operating): Promise<Answer> {
  const migration = await findMigration(em.fork(), caller, id);
  const summaries = await summarizeItems(em.fork(), [id]);
  return { status: 202, body: migration && presentMigration(migration, summaries.get(id)) };
}

/** @throws {BillingError} `provider_account_not_found`, `not_supported_by_provider`, `validation_failed` */
async function refuseUnable(deps: ApiDeps, caller: Caller, { from, to, csv }: CreateMigrationBody): Promise<void> {
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const noAccount = (pointer: string) =>
    fieldRefusal('provider_account_not_found', pointer, 'The project has no account at this provider.');
  if (!configured.has(from)) throw noAccount('/from');
  const able = new Set(deps.providers.operations(from));
  const needed = typeof csv === 'string' ? 'subscriptions.get' : 'subscriptions.listAll';
  if (!able.has(needed)) {
    const hint = needed === 'subscriptions.listAll' && able.has('subscriptions.get') ? ' Send them as csv.' : '';
    throw fieldRefusal('not_supported_by_provider', '/from', `It cannot tell who is there.${hint}`);
  }
  if (!(deps.providers.abilities(from)?.subscriptions?.cancel ?? []).includes('period_end'))
    throw fieldRefusal('not_supported_by_provider', '/from', 'It cannot cancel at the end of a period.');
  if (to === null || to === undefined) return;
  if (to === from) throw fieldRefusal('validation_failed', '/to', 'Must be another provider than from.');
  if (!configured.has(to)) throw noAccount('/to');
  if (deps.providers.abilities(to)?.subscriptions?.moveTrialEnd !== true)
    throw fieldRefusal('not_supported_by_provider', '/to', 'It cannot set the day of the first charge.');
}
