import type { Organization } from '../../db/entities/organization.ts';
import type { Db } from '../../db/orm.ts';
import { listLiveSubscriptions } from '../../db/queries/subscriptions.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';

const ability = 'paymentMethods.attach';

/**
 * Who takes the token: the provider named, else the one that serves the organization's live subscription, else the one
 * it prefers, else the only one that could. Nobody guesses by the token's looks.
 *
 * @throws {BillingError} `validation_failed`, `not_supported_by_provider`, `provider_required` with `candidates`
 */
export async function attachProvider(
  em: Db,
  deps: Pick<ApiDeps, 'providers'>,
  input: { readonly caller: Caller; readonly organization: Organization; readonly named: string | null },
): Promise<string> {
  const { caller, organization, named } = input;
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const candidates = [...configured].filter((id) => deps.providers.operations(id).includes(ability)).toSorted();
  if (named !== null) {
    if (!configured.has(named))
      throw fieldRefusal('validation_failed', '/provider', 'The project has no such provider.');
    if (candidates.includes(named)) return named;
    throw fieldRefusal(
      'not_supported_by_provider',
      '/provider',
      'This provider stores methods on its own pages only.',
      {
        ...{ provider: named, candidates },
      },
    );
  }
  const live = await listLiveSubscriptions(em.fork(), caller, organization.id);
  const wanted = [...live.map(({ provider }) => provider), organization.preferredProvider];
  const [only, ...others] = candidates;
  const chosen = wanted.find((id) => id !== null && candidates.includes(id)) ?? (others.length === 0 ? only : null);
  if (chosen) return chosen;
  if (only === undefined)
    throw fieldRefusal('not_supported_by_provider', '/provider', 'No provider of the project takes tokens.', {
      candidates,
    });
  throw fieldRefusal('provider_required', '/provider', 'Say whose script made the token.', { candidates });
}
