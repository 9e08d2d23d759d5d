import { listGrantWork } from '../db/queries/benefit-grants.ts';
import type { GrantWork } from '../domain/benefit.ts';
import type { ActivityDeps } from './deps.ts';

type Ref = { readonly projectId: string } & ({ readonly subscriptionId: string } | { readonly checkoutId: string });

/**
 * Adds to an activity's answer the grants that its change has planned, for the workflow to start. Absent where there are
 * none, so that histories of those who sell no benefits stay as small as they are.
 */
export function withGrants<Input extends Ref, Output extends object>(
  deps: Pick<ActivityDeps, 'orm'>,
  work: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output & { readonly grants?: readonly GrantWork[] }> {
  return async (input) => {
    const answer = await work(input);
    const grants = await listGrantWork(deps.orm.em.fork(), input.projectId, input);
    return grants.length === 0 ? answer : { ...answer, grants };
  };
}
