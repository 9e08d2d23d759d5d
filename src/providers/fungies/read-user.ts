import { isOnlyAmongArchived } from './archived.ts';
import type { FungiesApi } from './client.ts';
import { userPage, userReply, type FungiesUser } from './wire.ts';

export async function readUser(api: FungiesApi, id: string): Promise<FungiesUser | null> {
  const found = await api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/users/${encodeURIComponent(id)}`,
    reply: userReply,
  });
  return found && !isMarkedArchived(found.user) ? found.user : null;
}

/** The same, but null for an archived user. */
export async function readLiveUser(api: FungiesApi, id: string): Promise<FungiesUser | null> {
  const user = await readUser(api, id);
  if (!user?.email) return user;
  const call = { operation: 'customers.find', path: '/users/list', query: { term: user.email }, reply: userPage };
  return (await isOnlyAmongArchived(api, call, ({ users }) => users, id)) ? null : user;
}

/** Where a user says so itself, which the document does not promise. */
export function isMarkedArchived(user: FungiesUser): boolean {
  return (
    user.archived === true || user.isArchived === true || user.archivedAt != null || /archived/i.test(user.status ?? '')
  );
}
