import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperatorDesk, OperatorRefusal } from '../src/operator.ts';
import { ADMIN_TOKEN, type DeskServer, startWithDesks } from './support/desks.ts';

const calls: unknown[] = [];
const desk: OperatorDesk = {
  provider: 'stripe',
  refund: (id, amountMinor) => {
    if (id === 'pi_refunded') throw new OperatorRefusal('The payment has been refunded already.');
    calls.push(['refund', id, amountMinor]);
    return { refundId: 're_1' };
  },
  dispute: (id, input) => (calls.push(['dispute', id, input]), { disputeId: 'dp_1' }),
  closeDispute: (id, outcome) => void calls.push(['close', id, outcome]),
  useCard: (id, number) => void calls.push(['card', id, number]),
  retryPayment: (id) => (calls.push(['retry', id]), { outcome: 'declined' }),
  cancelSubscription: (id, when) => void calls.push(['cancel', id, when]),
  tokenize: (number) => `tok_${number.slice(-4)}`,
};

let server: DeskServer;

beforeAll(async () => {
  server = await startWithDesks({ stripe: { operator: desk }, fungies: { operator: null } });
});
afterAll(() => server.close());

async function post(path: string, body: object, token = ADMIN_TOKEN): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}/_sandbox${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

describe('operator control', () => {
  it.each([
    ['/payments/stripe/pi_1/refund', { amount_minor: 500 }, { refund_id: 're_1' }, ['refund', 'pi_1', 500]],
    ['/payments/stripe/pi_1/refund', {}, { refund_id: 're_1' }, ['refund', 'pi_1', null]],
    [
      '/payments/stripe/pi_1/dispute',
      { reason: 'product_not_received' },
      { dispute_id: 'dp_1' },
      ['dispute', 'pi_1', { amountMinor: null, reason: 'product_not_received' }],
    ],
    ['/disputes/stripe/dp_1/close', { outcome: 'won' }, { outcome: 'won' }, ['close', 'dp_1', 'won']],
    [
      '/subscriptions/stripe/sub_1/card',
      { number: '4000 0000 0000 0341' },
      { last4: '0341' },
      ['card', 'sub_1', '4000000000000341'],
    ],
    ['/subscriptions/stripe/sub_1/retry', {}, { outcome: 'declined' }, ['retry', 'sub_1']],
    [
      '/subscriptions/stripe/sub_1/cancel',
      { when: 'period_end' },
      { when: 'period_end' },
      ['cancel', 'sub_1', 'period_end'],
    ],
  ])('does %s %j', async (path, body, answer, call) => {
    expect(await post(path, body)).toMatchObject({ status: 200, body: { provider: 'stripe', ...answer } });
    expect(calls.at(-1)).toEqual(call);
  });

  it('is offered on the state page for what the provider recorded', async () => {
    server.account.sandbox.ledger.record({
      ...{ provider: 'stripe', kind: 'charge', id: 'ch_1', amount_minor: 4900, currency: 'usd', tax_minor: 400 },
      ...{ status: 'succeeded', customer: null, metadata: {} },
    });
    const signedIn = await fetch(`${server.url}/_sandbox/login`, {
      method: 'POST',
      body: new URLSearchParams({ token: ADMIN_TOKEN }),
      redirect: 'manual',
    });
    const headers = { cookie: String(signedIn.headers.get('set-cookie')).split(';')[0] ?? '' };
    const page = await (await fetch(`${server.url}/_sandbox/ui/actions`, { headers })).text();
    for (const part of ['ch_1', '$49.00', 'Refund', 'Dispute']) expect(page).toContain(part);
    const fields = { provider: 'stripe', operation: 'refund', id: 'ch_1', amount_minor: '100' };
    const body = new URLSearchParams(fields);
    const done = await fetch(`${server.url}/_sandbox/ui/operate`, {
      method: 'POST',
      body,
      headers,
      redirect: 'manual',
    });
    expect(done.status).toBe(303);
    expect(calls.at(-1)).toEqual(['refund', 'ch_1', 100]);
  });

  it("gives the token a provider's browser script would give, where the provider has tokens", async () => {
    expect(await post('/tokens/stripe', { number: '4242 4242 4242 4242' })).toEqual({
      status: 200,
      body: { token: 'tok_4242' },
    });
    expect((await post('/tokens/fungies', { number: '4242' })).status).toBe(501);
    expect((await post('/tokens/stripe', {})).status).toBe(422);
  });

  it('says why something cannot be done now', async () => {
    const refused = await post('/payments/stripe/pi_refunded/refund', {});
    expect(refused).toEqual({ status: 409, body: { error: 'The payment has been refunded already.' } });
  });

  it.each([
    ['/payments/stripe/pi_1/refund', { amount_minor: 0 }],
    ['/payments/stripe/pi_1/refund', { amount_minor: 1.5 }],
    ['/disputes/stripe/dp_1/close', { outcome: 'maybe' }],
    ['/subscriptions/stripe/sub_1/cancel', {}],
  ])('refuses %s %j', async (path, body) => {
    const before = calls.length;
    expect((await post(path, body)).status).toBe(422);
    expect(calls).toHaveLength(before);
  });

  it('names the provider that has no such desk, an unknown provider, and wants the token', async () => {
    const none = await post('/payments/fungies/pay_1/refund', {});
    expect(none.status).toBe(501);
    expect(JSON.stringify(none.body)).toContain('fungies');
    expect((await post('/payments/paypal/pay_1/refund', {})).status).toBe(404);
    expect((await post('/payments/stripe/pi_1/refund', {}, 'wrong')).status).toBe(401);
  });
});
