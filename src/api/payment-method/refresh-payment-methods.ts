import { newId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { claimStaleMethods } from '../../db/queries/payment-methods.ts';
import type { Scope } from '../../db/queries/subscriptions.ts';
import { paymentMethodSyncWorkflowId } from '../../workflows/messages.ts';
import { entityStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';

/**
 * Has our rows brought in step with what the organization has stored at its providers, where nobody has asked for this
 * long. Buyers store methods on hosted pages and in portals, and no webhook tells of all of them: so lists ask now and
 * then, and whoever knows of a new one asks at once. A provider that does not answer in time changes nothing.
 */
export async function refreshPaymentMethods(
  deps: Pick<ApiDeps, 'logger' | 'providers' | 'temporal'>,
  em: Db,
  scope: Scope,
  input: { readonly organizationId: string; readonly olderThanMs: number },
): Promise<void> {
  const { organizationId, olderThanMs } = input;
  const askedBefore = new Date(Date.now() - olderThanMs);
  const [stale, configured] = await Promise.all([
    claimStaleMethods(em.fork(), scope, { organizationId, askedBefore }),
    deps.providers.configured(scope.projectId, scope.live),
  ]);
  const able = stale.filter(
    (provider) => configured.has(provider) && deps.providers.operations(provider).includes('paymentMethods.list'),
  );
  await Promise.all(
    able.map((provider) => {
      const { projectId, live } = scope;
      const id = newId('job');
      const start = entityStart(
        'syncPaymentMethods',
        paymentMethodSyncWorkflowId(id),
        { projectId, live, organizationId, id, provider },
        { kind: 'payment-method', summary: `read stored payment methods at ${provider}` },
      );
      return askWorkflow(deps.logger, { organization: organizationId, provider }, (deadline) =>
        deps.temporal.runToEnd(start, deadline),
      );
    }),
  );
}
