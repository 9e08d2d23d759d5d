import { afterEach, describe, expect, it } from 'vitest';
import { createFungiesApi } from '../../../../src/providers/fungies/client.ts';
import { retireUser } from '../../../../src/providers/fungies/retire-user.ts';
import events from '../../../fixtures/fungies/events.json' with { type: 'json' };
import { startStubServer, type StubAnswer, type StubRequest, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

const { subscription } = events.subscription_interval.data;
const [line] = events.payment_success.data.items;
const ok = (data: unknown): StubAnswer => ({ body: { status: 'success', data } });

/** One user with one running subscription, sold for `organizationId`; `isArchived`: only lists with the archived have it. */
async function retire({ organizationId = 'org_1', isArchived = false }) {
  const user = { id: 'u-1', email: 'a@b.co', internalId: 'org_1' };
  let status = 'active';
  server = await startStubServer(({ method, path }: StubRequest): StubAnswer => {
    if (path.endsWith('/cancel')) status = 'canceled';
    if (method === 'PATCH') return ok({ success: true });
    if (path.includes('/payments/')) return ok({ payments: [] });
    if (path.includes('/users/list')) return ok({ users: isArchived && !path.includes('withArchived') ? [] : [user] });
    if (path.includes('/users/')) return ok({ user });
    const own = { ...subscription, userId: 'u-1', status };
    if (path.includes('/subscriptions/list')) return ok({ subscriptions: [own] });
    return ok({
      subscription: own,
      items: [{ ...line, offer: null, customFields: { organization_id: organizationId } }],
    });
  });
  const http = { timeoutMs: 1000 };
  return retireUser(createFungiesApi({ publicKey: 'p', secretKey: 's', baseUrl: server.url, http }), 'u-1');
}
const written = () => server.requests.filter(({ method }) => method !== 'GET');

describe('a user who leaves Fungies', () => {
  it('ends what runs, gives the e-mail back, and is archived, in this order', async () => {
    expect(await retire({})).toBe(true);
    expect(written().map(({ path }) => path)).toEqual([
      `/v0/subscriptions/${subscription.id}/cancel`,
      '/v0/users/u-1/update',
      '/v0/users/u-1/archive',
    ]);
    expect(written()[1]?.body).toEqual({ email: 'removed-u-1@example.invalid' });
  });

  it('stays whole while another organization’s subscription runs under it', async () => {
    await expect(retire({ organizationId: 'org_2' })).rejects.toMatchObject({
      code: 'customer_shared',
      kind: 'conflict',
    });
    expect(written()).toEqual([]);
  });

  it('has left once it is archived', async () => {
    expect(await retire({ isArchived: true })).toBe(false);
    expect(written()).toEqual([]);
  });
});
