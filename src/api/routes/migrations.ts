import { Router, type Request, type RequestHandler } from 'express';
import type { Migration, MigrationItem } from '../../db/entities/migration.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findItem, pageItems } from '../../db/queries/migration-items.ts';
import { summarizeItems } from '../../db/queries/migration-summary.ts';
import { findMigration, listMigrations } from '../../db/queries/migrations.ts';
import { presentMigration, presentMigrationItem } from '../../present/migration.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { csvLine } from '../csv.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { requestMigrationOnce } from '../migration/request-migration.ts';
import { steerMigration, steerMigrationItem } from '../migration/steer-migration.ts';
import { listMigrationItemsQuery, listMigrationsQuery, type MigrationItemAnswer } from '../schemas/migration.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

const base = '/ops/migrations';

/** Migrations off a provider. What they do is their workflows'. */
export function createMigrationRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route(base)
    .get(list(deps))
    .post(operateOnce(deps, 'mig', (operating) => requestMigrationOnce(deps, operating)))
    .all(refuseMethod('GET', 'POST'));
  router.route(`${base}/:id`).get(read(deps)).all(refuseMethod('GET'));
  router.route(`${base}/:id/items`).get(listOwnItems(deps)).all(refuseMethod('GET'));
  router.route(`${base}/:id/plan.csv`).get(loadPlan(deps)).all(refuseMethod('GET'));
  router
    .route(`${base}/:id/items/:item`)
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      response.json(presentMigrationItem(await findOwnItem(em, operator(request, readOps), request)));
    })
    .all(refuseMethod('GET'));
  for (const act of ['pause', 'resume', 'abort'] as const)
    router
      .route(`${base}/:id/${act}`)
      .post(
        operateOnce(deps, 'mig', async ({ em, caller, request }) =>
          steerMigration(deps, { em, caller, migration: await findOwn(em, caller, request), act }),
        ),
      )
      .all(refuseMethod('POST'));
  for (const [path, act] of [
    ['rollback', 'rollBack'],
    ['remind', 'remind'],
  ] as const)
    router
      .route(`${base}/:id/items/:item/${path}`)
      .post(
        operateOnce(deps, 'mig', async ({ em, caller, request }) =>
          steerMigrationItem(deps, { em, caller, item: await findOwnItem(em, caller, request), act }),
        ),
      )
      .all(refuseMethod('POST'));
  return router;
}

function list(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { limit, cursor, status } = parseInput(listMigrationsQuery, request.query);
    const em = deps.orm.em.fork();
    const rows = await listMigrations(em, caller, {
      ...(status !== undefined && { status }),
      ...{ before: decodeIdCursor(cursor), limit },
    });
    const ids = rows.slice(0, limit).map(({ id }) => id);
    const summaries = await summarizeItems(em, ids);
    const present = (row: Migration) => presentMigration(row, summaries.get(row.id));
    response.json(toPage(rows, limit, (row) => [row.id], present));
  };
}

function read(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const migration = await findOwn(em, operator(request, readOps), request);
    const summaries = await summarizeItems(em, [migration.id]);
    response.json(presentMigration(migration, summaries.get(migration.id)));
  };
}

/** In the order in which they are told. */
function listOwnItems(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const caller = operator(request, readOps);
    const migration = await findOwn(em, caller, request);
    const { limit, cursor, ...filter } = parseInput(listMigrationItemsQuery, request.query);
    const rows = await pageItems(em, caller, {
      ...{ migrationId: migration.id, after: decodeIdCursor(cursor), limit },
      ...(filter.state !== undefined && { states: [filter.state] }),
      ...(filter.organization_id !== undefined && { organizationId: filter.organization_id }),
    });
    response.json(toPage(rows, limit, (row) => [row.id], presentMigrationItem));
  };
}

const csvPage = 1_000;
const columns = [
  ...['item_id', 'organization_id', 'legacy_subscription_id', 'legacy_status', 'paid_through', 'state', 'verdict'],
  ...['code', 'because', 'plan_id', 'price_id', 'provider', 'rule', 'quantity', 'before_minor', 'before_currency'],
  ...['after_minor', 'after_currency', 'difference_minor', 'first_charge_at'],
];

/** Page by page, so that a long list costs neither side its memory. */
function loadPlan(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { id: migrationId } = await findOwn(deps.orm.em.fork(), caller, request);
    response.type('text/csv').attachment(`${migrationId}-plan.csv`);
    response.write(csvLine(columns));
    for (let after: string | null = null; ;) {
      const rows = await pageItems(deps.orm.em.fork(), caller, { migrationId, after, limit: csvPage });
      for (const row of rows.slice(0, csvPage)) response.write(csvLine(cellsOf(row, presentMigrationItem(row))));
      if (rows.length <= csvPage) break;
      after = rows[csvPage - 1]?.id ?? null;
    }
    response.end();
  };
}

function cellsOf(
  row: MigrationItem,
  { legacy, plan, ...item }: MigrationItemAnswer,
): readonly (string | number | null)[] {
  return [
    ...[item.id, item.organization_id, legacy.provider_subscription_id, legacy.status, legacy.paid_through, item.state],
    ...[row.plan?.action ?? null, item.code, row.because, plan?.plan_id ?? null, plan?.price_id ?? null],
    ...[plan?.provider ?? null, plan?.rule ?? null, plan?.quantity ?? legacy.quantity],
    ...[legacy.amount?.amount_minor ?? null, legacy.amount?.currency ?? null],
    ...[plan?.amount.amount_minor ?? null, plan?.amount.currency ?? null],
    ...[plan?.difference_minor ?? null, plan?.first_charge_at ?? null],
  ];
}

async function findOwn(em: Db, caller: Caller, request: Request): Promise<Migration> {
  const id = pathParam(request, 'id');
  const migration = isId('mig', id) ? await findMigration(em, caller, id) : null;
  if (migration === null) throw refusal('migration_not_found', 'No migration has this id.');
  return migration;
}

async function findOwnItem(em: Db, caller: Caller, request: Request): Promise<MigrationItem> {
  const migration = await findOwn(em, caller, request);
  const id = pathParam(request, 'item');
  const item = isId('mi', id) ? await findItem(em, caller, id, migration.id) : null;
  if (item === null) throw refusal('migration_item_not_found', 'The migration has no item with this id.');
  return item;
}
