import { BillingError } from '../../domain/errors.ts';
import type { CustomerInput, ProviderClient, ProviderCustomer } from '../port.ts';
import type { FungiesApi } from './client.ts';
import { readEverything } from './paging.ts';
import { userPage, userReply, type FungiesUser } from './wire.ts';

/** Users. Our organization id is their `internalId`; their e-mail is unique in the workspace. */
export function createFungiesCustomers(api: FungiesApi): ProviderClient['customers'] {
  return {
    async create(input) {
      return mapUser(await ensureUser(api, input));
    },
    async get(id) {
      const user = await readLiveUser(api, id);
      return user && mapUser(user);
    },
    async update(id, input) {
      const { user } = await api.call({
        operation: 'customers.update',
        method: 'PATCH',
        path: `/users/${encodeURIComponent(id)}/update`,
        body: {
          ...(input.email === null ? {} : { email: input.email }),
          internalId: input.organizationId,
          ...billingOf(input),
        },
        reply: userReply,
      });
      return mapUser(user);
    },
    /** Users cannot be deleted, only archived. */
    async remove(id) {
      await archiveUser(api, id);
    },
    async find(organizationId) {
      const user = await findUser(api, organizationId);
      return user && mapUser(user);
    },
  };
}

/**
 * By e-mail, which is unique, then by our id; created where neither is known. Somebody who bought there without us is
 * adopted.
 *
 * @throws {BillingError} `customer_contact_required` (invalid), `customer_email_taken` (conflict): another
 *   organization has it.
 */
export async function ensureUser(api: FungiesApi, input: CustomerInput): Promise<FungiesUser> {
  if (input.providerCustomerId !== null) {
    const known = await readUser(api, input.providerCustomerId);
    if (known) return known;
  }
  const { email } = input;
  if (email === null) {
    const found = await findUser(api, input.organizationId);
    if (found) return found;
    throw new BillingError({
      code: 'customer_contact_required',
      kind: 'invalid',
      message: 'Fungies needs the e-mail of who pays.',
      details: { provider: 'fungies' },
    });
  }
  const same = await findByEmail(api, email);
  if (!same) return (await findUser(api, input.organizationId)) ?? createUser(api, input, email);
  if (same.internalId === input.organizationId) return same;
  if (same.internalId == null || same.internalId === '') return adopt(api, same.id, input);
  throw new BillingError({
    code: 'customer_email_taken',
    kind: 'conflict',
    message: 'Another organization has this e-mail at the provider.',
    details: { provider: 'fungies' },
  });
}

export async function readUser(api: FungiesApi, id: string): Promise<FungiesUser | null> {
  const found = await api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/users/${encodeURIComponent(id)}`,
    reply: userReply,
  });
  return found && !isArchived(found.user) ? found.user : null;
}

/**
 * The same, but null for an archived user. The document shows no mark of it on the user itself: lists leave the
 * archived out unless `withArchived` asks for them, so who is only in the latter is one.
 */
export async function readLiveUser(api: FungiesApi, id: string): Promise<FungiesUser | null> {
  const user = await readUser(api, id);
  if (!user?.email) return user;
  const isIt = (listed: FungiesUser): boolean => listed.id === id;
  const listed = (withArchived: true | null): Promise<readonly FungiesUser[]> =>
    readEverything(
      api,
      {
        operation: 'customers.find',
        path: '/users/list',
        query: { term: user.email ?? '', withArchived },
        reply: userPage,
      },
      (page) => page.users,
      (found) => found.some(isIt),
    );
  const isGone = !(await listed(null)).some(isIt) && (await listed(true)).some(isIt);
  return isGone ? null : user;
}

export async function archiveUser(api: FungiesApi, id: string): Promise<boolean> {
  const archived = await api.find({
    operation: 'customers.remove',
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}/archive`,
    body: {},
    reply: userReply.partial().nullish(),
  });
  return archived !== null;
}

async function createUser(api: FungiesApi, input: CustomerInput, email: string): Promise<FungiesUser> {
  const { user } = await api.call({
    operation: 'customers.create',
    method: 'POST',
    path: '/users/create',
    body: { email, internalId: input.organizationId, ...billingOf(input) },
    reply: userReply,
  });
  return user;
}

async function adopt(api: FungiesApi, id: string, input: CustomerInput): Promise<FungiesUser> {
  const { user } = await api.call({
    operation: 'customers.update',
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}/update`,
    body: { internalId: input.organizationId },
    reply: userReply,
  });
  return user;
}

/** What `term` looks at is vague, so it only narrows; the match is ours. */
async function findByEmail(api: FungiesApi, email: string): Promise<FungiesUser | null> {
  const isSame = (user: FungiesUser): boolean => user.email?.toLowerCase() === email.toLowerCase() && !isArchived(user);
  const users = await readEverything(
    api,
    { operation: 'customers.find', path: '/users/list', query: { term: email }, reply: userPage },
    (page) => page.users,
    (found) => found.some(isSame),
  );
  return users.find(isSame) ?? null;
}

/** There is no filter by `internalId`: the term is tried first, then everybody is read. */
async function findUser(api: FungiesApi, organizationId: string): Promise<FungiesUser | null> {
  const isIt = (user: FungiesUser): boolean => user.internalId === organizationId && !isArchived(user);
  const search = (term: string | null): Promise<readonly FungiesUser[]> =>
    readEverything(
      api,
      { operation: 'customers.find', path: '/users/list', query: { term }, reply: userPage },
      (page) => page.users,
      (found) => found.some(isIt),
    );
  return (await search(organizationId)).find(isIt) ?? (await search(null)).find(isIt) ?? null;
}

function isArchived(user: FungiesUser): boolean {
  return (
    user.archived === true || user.isArchived === true || user.archivedAt != null || /archived/i.test(user.status ?? '')
  );
}

function billingOf(input: CustomerInput): Record<string, unknown> {
  const { name, phone, address } = input;
  if (name === null && phone === null && address === null) return {};
  const { firstName, lastName } = splitName(name);
  return {
    billingDetails: withoutNull({
      type: 'individual',
      firstName,
      lastName,
      phoneNumber: phone,
      address: address?.line1 ?? null,
      addressLine2: address?.line2 ?? null,
      city: address?.city ?? null,
      state: address?.state ?? null,
      postalCode: address?.postalCode ?? null,
      countryCode: address?.country ?? null,
    }),
  };
}

/** Fungies wants two names where we have one: the last word is the last name. */
export function splitName(name: string | null): {
  readonly firstName: string | null;
  readonly lastName: string | null;
} {
  const words = (name ?? '').split(/\s+/).filter((word) => word !== '');
  if (words.length < 2) return { firstName: words[0] ?? null, lastName: null };
  return { firstName: words.slice(0, -1).join(' '), lastName: words.at(-1) ?? null };
}

function withoutNull(record: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

function mapUser(user: FungiesUser): ProviderCustomer {
  return { providerCustomerId: user.id, organizationId: user.internalId ?? null, email: user.email ?? null };
}
