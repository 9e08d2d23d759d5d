import { randomBytes, randomUUID } from 'node:crypto';
import { addPortalLink, findPortalTarget, type PortalTarget } from '../../db/queries/portal.ts';
import type { Db } from '../../db/orm.ts';
import { BillingError } from '../../domain/errors.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { hashSecret, type Permission } from '../keys.ts';

/** How long our own page can be used. */
const linkMs = 3_600_000;

export interface PortalVisit {
  readonly url: string;
  /** null: our own page. */
  readonly provider: string | null;
  /** ISO; null: the provider does not tell. */
  readonly expiresAt: string | null;
}

export interface OpenPortalInput {
  readonly caller: Caller;
  readonly organizationId: string;
  /** Already checked. */
  readonly returnUrl: string | null;
  /** The provider asked for by its own route. */
  readonly preferredProvider: string | null;
}

/**
 * A way for one visit to where the customer manages what they have. A provider that has no portal, cannot open it for
 * this customer, or is away is no reason to send anybody away: then it is our own page.
 *
 * @throws {BillingError} `customer_not_found`
 */
export async function openPortal(deps: ApiDeps, input: OpenPortalInput): Promise<PortalVisit> {
  const em = deps.orm.em.fork();
  const target = await findPortalTarget(em, input.caller, input.organizationId, input.preferredProvider);
  if (!target) throw refusal('customer_not_found', 'The organization never was a customer.');
  return (await openAtProvider(deps, input, target)) ?? openOurs(deps, em, input);
}

async function openAtProvider(
  deps: ApiDeps,
  { caller, returnUrl }: OpenPortalInput,
  { provider, providerCustomerId, providerSubscriptionId }: PortalTarget,
): Promise<PortalVisit | null> {
  if (provider === null || providerCustomerId === null) return null;
  const account = await deps.providers.account(caller.projectId, caller.live, provider);
  if (!account?.client.portal) return null;
  try {
    // A key of its own: each click is a visit of its own, and a link that nobody got does no harm.
    const idempotencyKey = randomUUID();
    const visit = await account.client.portal.create({
      ...{ providerCustomerId, providerSubscriptionId, returnUrl, idempotencyKey },
    });
    return { ...visit, provider };
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind === 'bug') throw error;
    deps.logger.warn({ provider, code: error.code, project: caller.projectId }, 'our own portal page instead');
    return null;
  }
}

async function openOurs(deps: ApiDeps, em: Db, input: OpenPortalInput): Promise<PortalVisit> {
  const { caller, organizationId, returnUrl } = input;
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + linkMs);
  await addPortalLink(em, {
    tokenHash: hashSecret(token),
    ...{ projectId: caller.projectId, live: caller.live, organizationId, returnUrl, expiresAt },
    actor: caller.actor,
    permissions: permissionsOf(caller, organizationId),
  });
  return { url: `${deps.settings.publicUrl}/portal/${token}`, provider: null, expiresAt: expiresAt.toISOString() };
}

/** Whoever opens the page may do there what whoever asked for it may do here. */
function permissionsOf(caller: Caller, organizationId: string): Permission[] {
  const held = caller.organizations?.get(organizationId);
  const mayManage = held ? held.includes('manage') : caller.scopes.includes('billing:write');
  return mayManage ? ['read', 'manage'] : ['read'];
}
