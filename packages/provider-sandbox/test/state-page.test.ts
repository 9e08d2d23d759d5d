import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aStripeSession, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;
let cookie = '';

const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${harness.sandbox.url}/_sandbox${path}`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
    headers: { cookie, ...headers },
  });
const show = async (path: string): Promise<string> =>
  (await fetch(`${harness.sandbox.url}/_sandbox${path}`, { headers: { cookie } })).text();

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { stripe: receiver.url('stripe') } });
  const session = await aStripeSession(harness, { metadata: { note: '<b>bold</b>' } });
  await harness.control('POST', `/checkouts/stripe/${session.id}/complete`, { outcome: 'paid' });
  const signedIn = await submit('/login', { token: harness.sandbox.adminToken });
  cookie = String(signedIn.headers.get('set-cookie')).split(';')[0] ?? '';
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

describe('the state page', () => {
  it('wants the admin token, and gives a cookie that scripts and other sites cannot use', async () => {
    const wrong = await submit('/login', { token: 'wrong' });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('set-cookie')).toBeNull();
    const right = await submit('/login', { token: harness.sandbox.adminToken });
    const given = String(right.headers.get('set-cookie'));
    expect(given).toMatch(/HttpOnly/);
    expect(given).toMatch(/SameSite=Strict/);
    expect(given).not.toContain(harness.sandbox.adminToken);
    const stranger = await fetch(`${harness.sandbox.url}/_sandbox/ui/objects`);
    expect(stranger.status).toBe(401);
    expect(await stranger.text()).toContain('Admin token');
  });

  it('does nothing without the cookie, or for a form of another site', async () => {
    expect((await submit('/ui/clock', { advance: 'P1D' }, { cookie: '' })).status).toBe(401);
    expect((await submit('/ui/clock', { advance: 'P1D' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await submit('/login', { token: 'x' }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await harness.control('GET', '/clock')).body).toMatchObject({ offset_ms: 0 });
  });

  it('shows the ledger by provider and moves the clock', async () => {
    const overview = await show('/');
    expect(overview).toContain('$49.00');
    const moved = await submit('/ui/clock', { advance: 'P1M' });
    expect(moved.status).toBe(303);
    expect(await show(String(moved.headers.get('location')).replace('/_sandbox', ''))).toContain('The clock was moved');
    expect(Number((await harness.control('GET', '/clock')).body['offset_ms'])).toBeGreaterThan(27 * 86_400_000);
    const refused = await submit('/ui/clock', { advance: 'soon' });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain('no ISO 8601 duration: soon');
  });

  it('shows objects as JSON, escaped', async () => {
    const page = await show('/ui/objects?provider=stripe&kind=checkout_sessions');
    expect(page).toContain('checkout_sessions (1)');
    expect(page).toContain('&lt;b&gt;bold&lt;/b&gt;');
    expect(page).not.toContain('<b>bold');
  });

  it('shows deliveries with their attempts and bodies, and sends one again', async () => {
    await receiver.waitFor(({ type }) => type === 'checkout.session.completed');
    const [delivery] = (await harness.control('GET', '/deliveries?type=checkout.session.completed'))
      .body as unknown as { id: string; event_id: string }[];
    const page = await show('/ui/deliveries?provider=stripe');
    for (const part of ['checkout.session.completed', String(delivery?.event_id), receiver.url('stripe'), 'Send again'])
      expect(page).toContain(part);
    const before = receiver.received.length;
    expect((await submit('/ui/resend', { id: String(delivery?.id) })).status).toBe(303);
    await receiver.waitFor(() => true, before + 1);
    expect((await submit('/ui/resend', { id: 'del_none' })).status).toBe(404);
  });

  it('adds a fault with every field, shows and removes it', async () => {
    const fields = {
      kind: 'status',
      provider: 'stripe',
      operation: 'refunds.create',
      rate: '0.5',
      times: '3',
      status: '503',
      path: '^/v1/refunds',
      nth: '2',
      body: '{"metadata.order": "o_1"}',
      when_account: 'default',
    };
    expect((await submit('/ui/faults', fields)).status).toBe(303);
    const [fault] = (await harness.control('GET', '/faults')).body as unknown as { id: string }[];
    expect(fault).toMatchObject({
      ...{ kind: 'status', provider: 'stripe', operation: 'refunds.create', rate: 0.5, times: 3, status: 503 },
      when: { path: '^/v1/refunds', nth: 2, account: 'default', body: { 'metadata.order': 'o_1' } },
    });
    expect(await show('/ui/faults')).toContain('refunds.create');
    expect((await submit('/ui/faults', { ...fields, body: '{' })).status).toBe(422);
    expect((await submit('/ui/faults', { ...fields, rate: '7' })).status).toBe(422);
    await submit('/ui/faults/remove', { id: String(fault?.id) });
    expect((await harness.control('GET', '/faults')).body).toEqual([]);
  });

  it('lists payments for actions, and says why one is refused', async () => {
    expect(await show('/ui/actions')).toContain('$49.00');
    const refused = await submit('/ui/operate', {
      provider: 'stripe',
      operation: 'refund',
      id: 'pi_none',
      amount_minor: '-1',
    });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(await refused.text()).toContain('role="alert"');
    expect((await submit('/ui/operate', { provider: 'stripe', operation: 'steal', id: 'pi_1' })).status).toBe(422);
  });

  it('makes an account and shows it apart', async () => {
    await submit('/ui/accounts', { name: 'Second <shop>' });
    const accounts = (await harness.control('GET', '/accounts')).body as unknown as { id: string }[];
    const page = await show(`/ui/overview?account=${accounts.at(-1)?.id}`);
    expect(page).toContain('Second &lt;shop&gt;');
    expect(page).not.toContain('$49.00');
  });

  it('refreshes by itself only when asked, signs out, and runs no script', async () => {
    expect(await show('/ui/deliveries')).not.toContain('http-equiv="refresh"');
    expect(await show('/ui/deliveries?refresh=1')).toContain('http-equiv="refresh" content="5"');
    const answer = await fetch(`${harness.sandbox.url}/_sandbox/`, { headers: { cookie } });
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'none'");
    const out = await submit('/logout', {});
    expect(String(out.headers.get('set-cookie'))).toMatch(/sandbox_session=;/);
  });
});
