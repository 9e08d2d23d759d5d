import { authorize, authorizeFor, type Caller, type Need } from './caller.ts';
import { fieldRefusal } from './error-codes.ts';

/**
 * Whom a call is about: the organization that it names, else the only one of the session or token.
 *
 * @throws {BillingError} `organization_required`, `organization_not_found`, `insufficient_scope`
 */
export function namedOrganization(caller: Caller, need: Need, asked: string | undefined): string {
  authorize(caller, need);
  const [only, ...others] = caller.organizations?.keys() ?? [];
  const named = asked ?? (others.length === 0 ? only : undefined);
  if (named === undefined)
    throw fieldRefusal('organization_required', '/organization_id', 'Say which organization this is about.');
  authorizeFor(caller, need, named, 'organization_not_found');
  return named;
}
