import { listUnplanned, readSubjects } from '../db/queries/migration-facts.ts';
import { putPlans } from '../db/queries/migration-inventory.ts';
import { countItems } from '../db/queries/migration-items.ts';
import { moveMigration } from '../db/queries/migrations.ts';
import type { Migration } from '../db/entities/migration.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { planMigration, type MigrationGround } from '../domain/migration/plan.ts';
import { storyOf } from '../domain/migration/story.ts';
import { compilePolicy } from '../domain/routing/compile-policy.ts';
import type { ActivityDeps } from './deps.ts';
import { mustFindMigration, planning, type MigrationRef } from './migration-row.ts';

const pageSize = 500;

/**
 * Decides about one page of what was found, whole organizations at a time, and about nothing else: no provider is called.
 * Once all have their verdict the migration is `planned`; a dry run ends with it. Safe to repeat.
 *
 * @returns `isDone`: all have their verdict. `decided`: how many got it now.
 */
export function createPlanMigration(deps: ActivityDeps) {
  return async function planMigrationItems(
    ref: MigrationRef,
  ): Promise<{ readonly decided: number; readonly isDone: boolean }> {
    const em = deps.orm.em.fork();
    const migration = await mustFindMigration(em, ref);
    if (migration.status !== 'inventory' || migration.cursor !== planning)
      return { decided: 0, isDone: migration.status === 'planned' || migration.status === 'running' };
    const items = await listUnplanned(em, migration, pageSize);
    if (items.length === 0) return { decided: 0, isDone: await close(em.fork(), migration) };
    const subjects = await readSubjects(em, migration, items);
    const plans = planMigration(subjects, await groundOf(deps, migration));
    await em.fork().transactional((tx) => putPlans(tx, migration, plans));
    return { decided: plans.size, isDone: false };
  };
}

/** What is the same for all its subscriptions; whoever is configured now can be configured no more when they act. */
async function groundOf(deps: ActivityDeps, migration: Migration): Promise<MigrationGround> {
  const { projectId, live, fromProvider, toProvider, settings } = migration;
  const configured = await deps.background.configured(projectId, live);
  const providers = Object.fromEntries(
    deps.background.ids().flatMap((id) => {
      const abilities = deps.background.abilities(id);
      return abilities === null ? [] : [[id, { isConfigured: configured.has(id), isAvailable: true, abilities }]];
    }),
  );
  const { policy, blockedCountries } = settings.routing;
  return { projectId, fromProvider, toProvider, policy: compilePolicy(policy), blockedCountries, providers };
}

async function close(em: Db, migration: Migration): Promise<boolean> {
  return em.transactional(async (tx) => {
    const items = await countItems(tx, migration.id);
    const why = storyOf('planned', items);
    const planned = await moveMigration(tx, migration, 'planned', {
      ...{ why, ...(migration.dryRun && { finishedAt: new Date() }) },
    });
    if (planned === null) return false;
    recordAudit(tx, {
      ...{ projectId: migration.projectId, live: migration.live, actor: `migration/${migration.id}` },
      ...{ action: 'migration.planned', entityKind: 'migration', entityId: migration.id, detail: why },
      after: { status: 'planned', dry_run: migration.dryRun, items },
    });
    return true;
  });
}
