import { Router, type Request } from 'express';
import { recordAudit } from '../../db/queries/audit.ts';
import {
  deleteBlockedEntry,
  findBlockedEntry,
  listBlockedEntries,
  putBlockedEntry,
} from '../../db/queries/blocked-countries.ts';
import { lockPolicies } from '../../db/queries/routing-policies.ts';
import type { Db } from '../../db/orm.ts';
import { normalizeCountry, type BlockedOverlay } from '../../domain/routing/country.ts';
import { presentBlocked } from '../../present/routing.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { parseInput } from '../schemas/parse.ts';
import { putBlockedBody } from '../schemas/routing.ts';
import { operator, readOps, writeOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Whom nobody sells to: what ships, and over it what the project says, in each mode. */
export function createBlockedCountryRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/blocked-countries')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const own = await listBlockedEntries(deps.orm.em.fork(), caller);
      const data = [
        ...own.map((entry) => presentBlocked(entry, 'own', entry.isBlocked)),
        ...deps.policies.blockedCountries
          .filter(({ country }) => !own.some((entry) => entry.country === country))
          .map((entry) => presentBlocked(entry, 'shipped')),
      ].sort((a, b) => (a.country < b.country ? -1 : 1));
      response.json({ data, next_cursor: null });
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/blocked-countries/:country')
    .put(async (request, response) => response.json(await put(deps, request)))
    .delete(operateOnce(deps, 'job', (operating) => takeAway(deps, operating)))
    .all(refuseMethod('PUT', 'DELETE'));
  return router;
}

async function put(deps: ApiDeps, request: Request) {
  const caller = operator(request, writeOps);
  const country = countryOf(request);
  const body = parseInput(putBlockedBody, request.body ?? {});
  const entry: BlockedOverlay = {
    ...{ country, since: body.since, reason: body.reason, isBlocked: body.blocked },
    regions: body.regions && [...new Set(body.regions.map((region) => regionCode(country, region)))],
  };
  await deps.orm.em.fork().transactional(async (tx) => {
    await lockPolicies(tx, caller);
    const before = await findBlockedEntry(tx, caller, country);
    const was = before && shown(before);
    putBlockedEntry(tx, caller, before, entry, caller.actor);
    audit(tx, caller, country, { before: was, after: shown(entry) });
  });
  await deps.rules.reload(caller);
  return presentBlocked(entry, 'own', entry.isBlocked);
}

/** What ships holds again; where nothing does, the country is free. */
async function takeAway(deps: ApiDeps, { em, caller, request }: Operating): Promise<Answer> {
  const country = countryOf(request);
  await em.transactional(async (tx) => {
    await lockPolicies(tx, caller);
    const before = await findBlockedEntry(tx, caller, country);
    if (!before) throw refusal('blocked_country_not_found', 'The project says nothing of this country.');
    audit(tx, caller, country, { before: shown(before), after: null });
    await deleteBlockedEntry(tx, caller, country);
  });
  await deps.rules.reload(caller);
  const shipped = deps.policies.blockedCountries.find((entry) => entry.country === country);
  const free = {
    country,
    regions: null,
    since: new Date().toISOString().slice(0, 10),
    reason: 'Nothing is said of it.',
  };
  const body = shipped ? presentBlocked(shipped, 'shipped') : presentBlocked(free, 'shipped', false);
  return { status: 200, body };
}

/** @throws {BillingError} `validation_failed` */
function countryOf(request: Request): string {
  const country = normalizeCountry(pathParam(request, 'country'));
  if (country === null)
    throw fieldRefusal('validation_failed', '/country', 'The path must name an ISO 3166-1 alpha-2 code.');
  return country;
}

/** @throws {BillingError} `validation_failed` where the code is another country's */
function regionCode(country: string, region: string): string {
  const [first = '', second] = region.toUpperCase().split('-');
  if (second !== undefined && first !== country)
    throw fieldRefusal('validation_failed', '/regions', `${region} is no region of ${country}.`);
  return second ?? first;
}

function shown({ isBlocked, reason, regions, since }: BlockedOverlay) {
  return { blocked: isBlocked, regions: regions && [...regions], since, reason };
}

function audit(
  tx: Db,
  { projectId, live, actor }: Caller,
  country: string,
  more: { readonly before: object | null; readonly after: object | null },
): void {
  const entity = { entityKind: 'blocked_country', entityId: country };
  recordAudit(tx, { ...{ projectId, live, actor, action: 'blocked_country.changed', ...entity }, ...more });
}
