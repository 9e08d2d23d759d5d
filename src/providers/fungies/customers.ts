import { BillingError } from '../../domain/errors.ts';
import type { CustomerInput, ProviderClient, ProviderCustomer } from '../port.ts';
import type { FungiesApi } from './client.ts';
import { readEverything } from './paging.ts';
import { isMarkedArchived, readLiveUser } from './read-user.ts';
import { retireUser } from './retire-user.ts';
import { doneReply, userPage, userReply, type FungiesUser } from './wire.ts';

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
    async remove(id) {
      await retireUser(api, id);
    },
    async find(organizationId) {
      const user = await findUser(api, organizationId);
      return user && mapUser(user);
    },
  };
}

export interface Payer {
  readonly user: FungiesUser;
  /** It is another organization's, which has the same e-mail: whatever is sold to that address is sold to this user. */
  readonly isShared: boolean;
}

/** @throws {BillingError} as `ensurePayer`; `customer_email_taken` (conflict): another organization has the e-mail. */
async function ensureUser(api: FungiesApi, input: CustomerInput): Promise<FungiesUser> {
  const { user, isShared } = await ensurePayer(api, input);
  if (!isShared) return user;
  throw new BillingError({
    code: 'customer_email_taken',
    kind: 'conflict',
    message: 'Another organization has this e-mail at the provider.',
    details: { provider: 'fungies' },
  });
}

/**
 * By e-mail, which is unique, then by our id; created where neither is known. Somebody who bought there without us is
 * adopted, somebody archived in the dashboard is brought back: an archived user keeps its e-mail.
 *
 * @throws {BillingError} `customer_contact_required` (invalid).
 */
export async function ensurePayer(api: FungiesApi, input: CustomerInput): Promise<Payer> {
  const known = input.providerCustomerId === null ? null : await readLiveUser(api, input.providerCustomerId);
  if (known) return { user: known, isShared: false };
  const { email, organizationId } = input;
  if (email === null) {
    const found = await findUser(api, organizationId);
    if (found) return { user: found, isShared: false };
    throw new BillingError({
      code: 'customer_contact_required',
      kind: 'invalid',
      message: 'Fungies needs the e-mail of who pays.',
      details: { provider: 'fungies' },
    });
  }
  const same = await findByEmail(api, email, null);
  if (same) return own(api, same, organizationId);
  const byId = await findUser(api, organizationId);
  if (byId) return { user: byId, isShared: false };
  const archived = await findByEmail(api, email, true);
  if (!archived) return { user: await createUser(api, input, email), isShared: false };
  const payer = await own(api, archived, organizationId);
  if (!payer.isShared) await unarchive(api, archived.id);
  return payer;
}

async function own(api: FungiesApi, user: FungiesUser, organizationId: string): Promise<Payer> {
  if (user.internalId === organizationId) return { user, isShared: false };
  const isFree = user.internalId == null || user.internalId === '';
  return isFree ? { user: await adopt(api, user.id, organizationId), isShared: false } : { user, isShared: true };
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

async function adopt(api: FungiesApi, id: string, organizationId: string): Promise<FungiesUser> {
  const { user } = await api.call({
    operation: 'customers.update',
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}/update`,
    body: { internalId: organizationId },
    reply: userReply,
  });
  return user;
}

async function unarchive(api: FungiesApi, id: string): Promise<void> {
  await api.call({
    operation: 'customers.update',
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}/unarchive`,
    body: {},
    reply: doneReply,
  });
}

/** What `term` looks at is vague, so it only narrows; the match is ours. */
async function findByEmail(api: FungiesApi, email: string, withArchived: true | null): Promise<FungiesUser | null> {
  const isSame = (user: FungiesUser): boolean =>
    user.email?.toLowerCase() === email.toLowerCase() && (withArchived !== null || !isMarkedArchived(user));
  const users = await readEverything(
    api,
    { operation: 'customers.find', path: '/users/list', query: { term: email, withArchived }, reply: userPage },
    (page) => page.users,
    (found) => found.some(isSame),
  );
  return users.find(isSame) ?? null;
}

/** There is no filter by `internalId`: the term is tried first, then everybody is read. */
async function findUser(api: FungiesApi, organizationId: string): Promise<FungiesUser | null> {
  const isIt = (user: FungiesUser): boolean => user.internalId === organizationId && !isMarkedArchived(user);
  const search = (term: string | null): Promise<readonly FungiesUser[]> =>
    readEverything(
      api,
      { operation: 'customers.find', path: '/users/list', query: { term }, reply: userPage },
      (page) => page.users,
      (found) => found.some(isIt),
    );
  return (await search(organizationId)).find(isIt) ?? (await search(null)).find(isIt) ?? null;
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
