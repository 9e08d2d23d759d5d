import { authorize, authorizeFor, onlyOrganization, type Caller, type Need } from '../caller.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';

const startCheckout: Need = { scope: 'billing:write', permission: 'read', openToPublishable: true };
/** Saving a payment method is not buying a listed product. */
const saveMethod: Need = { scope: 'billing:write', permission: 'manage' };

/**
 * Whom the checkout is for: the organization named in the body, else the only one of the session or token.
 *
 * @throws {BillingError} `organization_required`, `organization_not_found`, `insufficient_scope`
 */
export function checkoutOrganization(caller: Caller, body: CreateCheckoutBody): string {
  const need = body.mode === 'setup' ? saveMethod : startCheckout;
  authorize(caller, need);
  refusePrivileged(caller, body);
  const named = body.organization_id ?? onlyOrganization(caller);
  if (named === null)
    throw fieldRefusal('organization_required', '/organization_id', 'Say which organization this is for.');
  authorizeFor(caller, need, named, 'organization_not_found');
  return named;
}

/** What a browser could misuse is for servers. */
function refusePrivileged(caller: Caller, body: CreateCheckoutBody): void {
  const needs = (required: string) =>
    refusal('insufficient_scope', `This needs a secret key with ${required}.`, { details: { required } });
  if (body.provider !== null && !caller.scopes.includes('ops:write')) throw needs('ops:write');
  if (body.trial_days !== null && caller.kind !== 'secret') throw needs('billing:write');
}
