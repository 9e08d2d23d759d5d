import { Router, type Request } from 'express';
import { analyzePolicy } from '../../domain/routing/analysis/analyze-policy.ts';
import { compilePolicy, type CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import { abilitiesByProvider } from '../../policies.ts';
import { presentExplanation } from '../../present/routing-explanation.ts';
import { refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { explainCheckout } from '../checkout/explain-checkout.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { policyInForce } from '../routing/project-rules.ts';
import { parseInput, sentence } from '../schemas/parse.ts';
import { explainBody, type ExplainBody } from '../schemas/routing.ts';
import { toPolicy } from '../schemas/routing-policy.ts';
import { operator, readOps } from './managed-project.ts';

/** What would happen to a checkout, and why. Nothing is written, and no provider is called. */
export function createRoutingExplainRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/routing/explain')
    .post(async (request, response) => response.json(await explain(deps, request)))
    .all(refuseMethod('POST'));
  return router;
}

async function explain(deps: ApiDeps, request: Request) {
  const caller = operator(request, readOps);
  const { policy: wished, ...body } = parseInput(explainBody, request.body ?? {});
  const organizationId = body.organization_id;
  if (organizationId === null)
    throw fieldRefusal('organization_required', '/organization_id', 'Say which organization this is for.');
  const compiled = await choosePolicy(deps, caller, wished);
  const em = deps.orm.em.fork();
  const told = await explainCheckout(em, deps, { caller, request, body, organizationId, policy: compiled });
  const { attempts, decision, paymentMethods, request: asked } = told.outcome;
  return presentExplanation({
    ...{ policy: compiled.policy, evidence: told.evidence, block: told.block, request: asked, decision },
    ...{ attempts, paymentMethods, refusal: told.refusal },
  });
}

/** @throws {BillingError} `routing_policy_not_found`, `routing_policy_inactive`, `routing_policy_invalid` */
async function choosePolicy(deps: ApiDeps, caller: Caller, wished: ExplainBody['policy']): Promise<CompiledPolicy> {
  if (wished === null) return policyInForce(deps.rules, caller);
  if (typeof wished === 'string') {
    const found = (await deps.rules.of(caller)).policies.get(wished);
    if (found) return found;
    throw refusal('routing_policy_not_found', 'No policy of this name ships or is active in this mode.');
  }
  const policy = toPolicy(wished, wished.version ?? 1);
  const errors = analyzePolicy(policy, abilitiesByProvider(deps.providers)).filter(
    ({ severity }) => severity === 'error',
  );
  if (errors.length > 0)
    throw refusal('routing_policy_invalid', 'The policy is wrong.', {
      faults: errors.map(({ because, kind, pointer }) => ({
        ...{ pointer: `/policy${pointer}`, code: kind, detail: sentence(because) },
      })),
    });
  return compilePolicy(policy);
}
