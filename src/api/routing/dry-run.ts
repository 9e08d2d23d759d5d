import { readPastDecisions } from '../../db/queries/routing-policies.ts';
import type { Db } from '../../db/orm.ts';
import { compareDecisions, type DecisionComparison } from '../../domain/routing/compare-decisions.ts';
import { compilePolicy } from '../../domain/routing/compile-policy.ts';
import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import { abilitiesByProvider } from '../../policies.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';

/** Read in portions: between two of them the process answers others. */
const portion = 500;

/** Asks a policy that is not stored what was asked for the last decisions of the caller's project and mode. */
export async function askPastAgain(
  em: Db,
  deps: Pick<ApiDeps, 'providers'>,
  input: { readonly caller: Caller; readonly policy: RoutingPolicy; readonly last: number },
): Promise<DecisionComparison> {
  const comparison = compareDecisions(compilePolicy(input.policy), abilitiesByProvider(deps.providers));
  let before: string | null = null;
  for (let left = input.last; left > 0; left -= portion) {
    const limit = Math.min(portion, left);
    const rows = await readPastDecisions(em, input.caller, { before, limit });
    comparison.add(rows);
    before = rows.at(-1)?.checkoutId ?? null;
    if (rows.length < limit) break;
  }
  return comparison.result();
}
