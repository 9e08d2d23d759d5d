import { Router } from 'express';
import { readEntitlements } from '../../db/queries/entitlements.ts';
import { decideAccess, type AccessQuestion } from '../../domain/entitlement/access.ts';
import { presentAccess } from '../../present/access.ts';
import { refuseMethod } from '../answer.ts';
import { authorizeFor, callerOf, onlyOrganization, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import { accessQuery, type AccessQuery } from '../schemas/access.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

/** What apps ask before they do something for an organization: one read of its entitlements, and nothing else. */
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
      const question = questionOf(query);
      const { projectId, live } = caller;
      const facts = await readEntitlements(deps.orm.em, { projectId, live, organizationId });
      response.json(presentAccess(decideAccess(facts, question, Date.now())));
    })
    .all(refuseMethod('GET'));
  return router;
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
