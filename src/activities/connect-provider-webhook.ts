import { openCredentials, sealCredentials } from '../crypto/account-credentials.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { findProviderAccount, putProviderAccount } from '../db/queries/provider-accounts.ts';
import { BillingError } from '../domain/errors.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { callKey } from './call-key.ts';
import { accountOf } from './provider-account.ts';
import type { ActivityDeps } from './deps.ts';

export interface ConnectWebhookInput extends AccountKey {
  readonly url: string;
  readonly actor: string;
}

/**
 * Registers our address at the provider and keeps the secret it answers with. Safe to repeat: an endpoint of an earlier
 * try, whose secret may be lost, is removed first.
 *
 * @throws {BillingError} `not_supported_by_provider` (invalid), `encryption_not_configured` (unavailable)
 */
export function createConnectProviderWebhook(deps: ActivityDeps) {
  return async function connectProviderWebhook(input: ConnectWebhookInput): Promise<{ readonly endpointId: string }> {
    const { keyRing } = deps;
    const { projectId, live, provider, url } = input;
    await deps.providers.reload(projectId);
    const em = deps.orm.em.fork();
    const row = await findProviderAccount(em, { projectId, live, provider });
    if (!row || !keyRing) throw failed('encryption_not_configured', 'unavailable', 'The account cannot be opened.');
    const { webhookEndpoints } = (await accountOf(deps, projectId, live, provider)).client;
    if (!webhookEndpoints) throw failed('not_supported_by_provider', 'invalid', 'Register the address by hand there.');
    for (const known of await webhookEndpoints.list())
      if (known.url === url) await webhookEndpoints.remove(known.providerEndpointId);
    const idempotencyKey = callKey({
      ...{ projectId, live, provider, operation: 'webhookEndpoints.create' },
      businessId: `${url}/${row.version}`,
    });
    const { endpoint, credentials: made } = await webhookEndpoints.create({ url, idempotencyKey });
    const credentials = { ...openCredentials(keyRing, row, row.credentials), ...made };
    const before = { webhook_endpoint_id: row.webhookEndpointId };
    await em.transactional(async (tx) => {
      putProviderAccount(tx, { projectId, live, provider }, row, {
        credentials: sealCredentials(keyRing, { projectId, live, provider }, credentials),
        credentialKeys: Object.keys(credentials).toSorted(),
        webhookEndpointId: endpoint.providerEndpointId,
      });
      recordAudit(tx, {
        ...{ projectId, live, actor: input.actor, action: 'provider_account.webhook_connected' },
        ...{ entityKind: 'provider_account', entityId: provider, detail: `at ${url}` },
        ...{ before, after: { webhook_endpoint_id: endpoint.providerEndpointId } },
      });
    });
    await deps.providers.reload(projectId);
    return { endpointId: endpoint.providerEndpointId };
  };
}

function failed(code: string, kind: 'unavailable' | 'invalid', message: string): BillingError {
  return new BillingError({ code, kind, message });
}
