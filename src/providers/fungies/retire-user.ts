import { BillingError } from '../../domain/errors.ts';
import type { FungiesApi } from './client.ts';
import { readSubscriptionLines } from './lines.ts';
import { isAnothers } from './map.ts';
import { readSubscriptionsOf } from './paging.ts';
import { readLiveUser } from './read-user.ts';
import { cancelSubscription } from './subscriptions.ts';
import { userReply } from './wire.ts';

/**
 * Users cannot be deleted, only archived. Their subscriptions end first, for nobody could end them afterwards; then
 * their e-mail is replaced, for it is unique and an archived user would keep its owner from ever coming back.
 *
 * @returns false: there is no such user, or it is archived.
 * @throws {BillingError} `customer_shared` (conflict): another organization's subscription runs under this user, because
 *   it has the same e-mail; nothing was changed.
 */
export async function retireUser(api: FungiesApi, id: string): Promise<boolean> {
  const user = await readLiveUser(api, id);
  if (!user) return false;
  const alive = (await readSubscriptionsOf(api, id)).filter(
    ({ status }) => status !== 'canceled' && status !== 'incomplete_expired',
  );
  for (const subscription of alive) {
    if (isAnothers(await readSubscriptionLines(api, subscription.id), user.internalId ?? null)) throw shared();
  }
  for (const subscription of alive) await cancelSubscription(api, subscription.id, 'now');
  const path = `/users/${encodeURIComponent(id)}`;
  await api.call({
    operation: 'customers.update',
    method: 'PATCH',
    path: `${path}/update`,
    body: { email: releasedEmail(id) },
    reply: userReply.partial().nullish(),
  });
  const archived = await api.find({
    operation: 'customers.remove',
    method: 'PATCH',
    path: `${path}/archive`,
    body: {},
    reply: userReply.partial().nullish(),
  });
  return archived !== null;
}

/** Nobody's: `.invalid` is reserved for that (RFC 2606). */
function releasedEmail(id: string): string {
  return `removed-${id}@example.invalid`;
}

function shared(): BillingError {
  return new BillingError({
    code: 'customer_shared',
    kind: 'conflict',
    message: 'Another organization with the same e-mail has a subscription under this user: end that one first.',
    details: { provider: 'fungies' },
  });
}
