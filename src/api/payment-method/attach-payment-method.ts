import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import type { Db } from '../../db/orm.ts';
import { ensureOrganization } from '../../db/queries/organizations.ts';
import {
  findPaymentMethod,
  findSameAttach,
  insertPaymentMethod,
  isCustomerAt,
} from '../../db/queries/payment-methods.ts';
import { requestHash } from '../canonical-json.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { requireContact } from '../organization-contact.ts';
import { checkRedirect } from '../redirects.ts';
import type { AttachPaymentMethodBody } from '../schemas/payment-method.ts';
import { attachProvider } from './attach-provider.ts';

export interface AttachInput {
  readonly caller: Caller;
  readonly body: AttachPaymentMethodBody;
  /** The id it gets. */
  readonly id: string;
  /** Without a key the request itself is the identity: a token works once. */
  readonly hasIdempotencyKey: boolean;
}

/**
 * Checks a wish to store a payment method and writes it down as `attaching`. Calls no provider and no workflow.
 *
 * @returns the row; for a repeat, the first one's.
 * @throws {BillingError} those of `attachProvider` and `requireContact`, `redirect_not_allowed`
 */
export async function requestAttach(em: Db, deps: ApiDeps, input: AttachInput): Promise<PaymentMethod> {
  const { body, caller, id } = input;
  const fingerprint = input.hasIdempotencyKey
    ? null
    : requestHash('attach', caller.keyId, caller.actor, body.organization_id, body.provider, body.token);
  const repeated = () =>
    fingerprint === null ? findPaymentMethod(em.fork(), caller, id) : findSameAttach(em.fork(), caller, fingerprint);
  const known = await repeated();
  if (known) return known;
  const { projectId, live, project } = caller;
  const organization = await ensureOrganization(em.fork(), { projectId, live, id: body.organization_id });
  const provider = await attachProvider(em, deps, { caller, organization, named: body.provider });
  if (!(await isCustomerAt(em.fork(), caller, organization.id, provider)))
    requireContact(organization, project.defaultPhone, deps.providers.abilities(provider));
  const rules = { allowedOrigins: project.allowedOrigins, checkoutId: '' };
  await insertPaymentMethod(
    em,
    {
      ...{ id, projectId, live, organizationId: organization.id, provider, token: body.token },
      ...{ billingAddress: body.billing_address, isDefault: body.set_as_default, requestFingerprint: fingerprint },
      returnUrl: body.return_url && checkRedirect(body.return_url, '/return_url', rules),
    },
    caller.actor,
  );
  const row = await repeated();
  if (row) return row;
  // Its twin came to nothing between the two statements.
  throw refusal('unavailable', 'The same request was just finished. Repeat it.', { retryAfterMs: 1_000 });
}
