import { Router } from 'express';
import { readEntitlements, type EntitlementKey } from '../../db/queries/entitlements.ts';
import { readLimitTerms, type LimitFacts, type LimitQuestion } from '../../db/queries/limits.ts';
import { decideAccess, type AccessQuestion } from '../../domain/entitlement/access.ts';
import { decideLimit, monthOf } from '../../domain/entitlement/limit.ts';
import { presentAccess, presentLimit } from '../../present/access.ts';
import { refuseMethod } from '../answer.ts';
import { authorizeFor, callerOf, onlyOrganization, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import { accessQuery, type AccessAnswer, type AccessQuery } from '../schemas/access.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

/**
 * What apps ask before they do something for an organization: one read of its entitlements, with its use only where the
 * question is about a limit.
 */
export function createAccessRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/access')
    .get(async (request, response) => {
      const query = parseInput(accessQuery, request.query);
      const caller = callerOf(request);
      const organizationId = query.organization_id ?? onlyOrganization(caller);
      if (organizationId === null)
        throw fieldRefusal('organization_required', 'organization_id', 'Say which organization this is about.');
      authorizeFor(caller, read, organizationId, 'organization_not_found');
      const { projectId, live } = caller;
      response.json(await answer(deps, { projectId, live, organizationId }, questionOf(query)));
    })
    .all(refuseMethod('GET'));
  return router;
}

async function answer(deps: ApiDeps, key: EntitlementKey, question: AccessQuestion): Promise<AccessAnswer> {
  if (question.about !== 'limit') {
    const facts = await readEntitlements(deps.orm.em, key);
    return presentAccess(decideAccess(facts, question, Date.now()));
  }
  const nowMs = Date.now();
  const { name } = question;
  const { facts, meter } = await readLimit(deps, { ...key, name, monthStartMs: monthOf(nowMs).startMs });
  return presentLimit(decideLimit(facts, name, meter, nowMs));
}

/** An app is answered while use cannot be read, too: by what its meter says for that case. */
async function readLimit(deps: ApiDeps, question: LimitQuestion): Promise<LimitFacts> {
  try {
    return await deps.limits.read(question);
  } catch (error) {
    deps.logger.warn({ err: error, limit: question.name }, 'use of a limit cannot be read');
    return readLimitTerms(deps.orm.em, question);
  }
}

function questionOf(query: AccessQuery): AccessQuestion {
  const asked = (['feature', 'limit', 'plan'] as const).flatMap((about) => {
    const name = query[about];
    return name === undefined ? [] : [{ about, name }];
  });
  const [question = { about: 'any' as const }, ...others] = asked;
  if (others.length === 0) return question;
  const named = asked.map(({ about }) => about);
  throw fieldRefusal('validation_failed', named[1] ?? '', `Ask about one of ${named.join(', ')} at a time.`);
}
