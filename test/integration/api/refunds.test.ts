import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { aSaleOf } from './money-rows.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());
beforeEach(() => settleAs('succeeded'));

/** What the worker makes of every refund. */
function settleAs(status: string, failure: { code?: string; detail?: object } = {}): void {
  api.temporal.work = async (workflowId) => {
    const [kind, id] = workflowId.split('/');
    if (kind !== 'refund') return;
    await api.query(
      `update refunds set status = ?, failure_code = ?, failure_detail = ?::jsonb, version = version + 1 where id = ?`,
      [status, failure.code ?? null, failure.detail ? JSON.stringify(failure.detail) : null, id],
    );
  };
}

const post = (body: object, headers: Record<string, string> = {}) =>
  api.call('POST', '/billing/refunds', { body, headers });

describe('POST /billing/refunds', () => {
  it('pays back all that is left, by checkout or by invoice, and has a workflow do it', async () => {
    const sale = await aSaleOf(api);
    const part = await post({ checkout_id: sale.checkoutId, amount_minor: 900, reason: 'duplicate' });
    expect(part.status).toBe(201);
    expect(part.body).toMatchObject({
      ...{ status: 'succeeded', amount: { amount_minor: 900, currency: 'USD' }, reason: 'duplicate', failure: null },
      ...{ checkout_id: sale.checkoutId, invoice_id: sale.invoiceId, payment_id: sale.paymentId, provider: 'merchant' },
    });
    expect(api.temporal.ran).toContain(`refund/${part.body.id}`);
    const rest = await post({ invoice_id: sale.invoiceId, reason: 'requested_by_customer' });
    expect(rest.body).toMatchObject({ status: 'succeeded', amount: { amount_minor: 4000 } });
    const more = await post({ invoice_id: sale.invoiceId, reason: 'other' });
    expect(more).toMatchObject({ status: 409, body: { code: 'refund_exceeds_payment', refundable_minor: 0 } });
    const audit = await api.query(`select actor from audit_log where entity_id = ? and action = 'refund.requested'`, [
      part.body.id,
    ]);
    expect(audit[0]?.['actor']).toMatch(/^key_/);
  });

  it('answers 202 while the outcome is not known, and refuses a second one meanwhile', async () => {
    settleAs('unknown');
    const sale = await aSaleOf(api);
    const first = await post({ checkout_id: sale.checkoutId, amount_minor: 100, reason: 'other' });
    expect(first).toMatchObject({ status: 202, body: { status: 'unknown' } });
    expect(first.headers.get('retry-after')).toBe('2');
    const second = await post({ checkout_id: sale.checkoutId, amount_minor: 100, reason: 'other' });
    expect(second).toMatchObject({ status: 409, body: { code: 'refund_in_progress', refund_id: first.body.id } });
  });

  it('tells a bank’s no as an answer', async () => {
    settleAs('failed', { code: 'refund_declined', detail: { provider_code: 'expired_account' } });
    const { checkoutId } = await aSaleOf(api);
    expect(await post({ checkout_id: checkoutId, reason: 'other' })).toMatchObject({
      status: 201,
      body: { status: 'failed', failure: { code: 'refund_declined', provider_code: 'expired_account' } },
    });
  });

  it.each([
    ['refund_amount_not_exact', 422, { nearest_minor: 104 }],
    ['refund_exceeds_payment', 409, { refundable_minor: 12 }],
    ['payment_not_refundable', 409, { why: 'disputed' }],
    ['refund_state_differs', 409, {}],
  ])('refuses what the provider refuses as %s', async (code, status, detail) => {
    settleAs('failed', { code, detail });
    const { checkoutId } = await aSaleOf(api);
    const answer = await post({ checkout_id: checkoutId, amount_minor: 100, reason: 'other' });
    const { why: _, ...shown } = { why: null, ...detail };
    expect(answer).toMatchObject({ status, body: { code, ...shown } });
    // Nothing is held back for it.
    settleAs('succeeded');
    expect(await post({ checkout_id: checkoutId, reason: 'other' })).toMatchObject({
      body: { status: 'succeeded', amount: { amount_minor: 4900 } },
    });
  });

  it('refuses what was not captured, and what the provider cannot do', async () => {
    const open = await aSaleOf(api, { status: 'pending' });
    expect(await post({ checkout_id: open.checkoutId, reason: 'other' })).toMatchObject({
      status: 409,
      body: { code: 'payment_not_refundable' },
    });
    const local = await aSaleOf(api, { provider: 'local' });
    expect(await post({ checkout_id: local.checkoutId, reason: 'other' })).toMatchObject({
      status: 422,
      body: { code: 'not_supported_by_provider' },
    });
  });

  it.each([
    [{ reason: 'other' }, '/invoice_id'],
    [{ checkout_id: 'chk_1', invoice_id: 'inv_1', reason: 'other' }, '/invoice_id'],
    [{ checkout_id: 'chk_1', amount_minor: 0, reason: 'other' }, '/amount_minor'],
    [{ checkout_id: 'chk_1', amount_minor: 1.5, reason: 'other' }, '/amount_minor'],
    [{ checkout_id: 'chk_1', reason: 'because' }, '/reason'],
    [{ checkout_id: 'chk_1', reason: 'other', note: 'x' }, '/note'],
  ])('names the field that is wrong in %j', async (body, pointer) => {
    const answer = await post(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((fault) => fault.pointer)).toContain(pointer);
  });

  it('gives one refund for one Idempotency-Key', async () => {
    const { checkoutId } = await aSaleOf(api);
    const body = { checkout_id: checkoutId, amount_minor: 100, reason: 'other' };
    const answers = [
      await post(body, { 'idempotency-key': checkoutId }),
      await post(body, { 'idempotency-key': checkoutId }),
    ];
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
    expect(answers[1]?.headers.get('idempotent-replayed')).toBe('true');
    expect(await api.query('select 1 from refunds where checkout_id = ?', [checkoutId])).toHaveLength(1);
  });

  it('is for secret keys that may write, and for what is theirs', async () => {
    const { checkoutId, organizationId } = await aSaleOf(api);
    const body = { checkout_id: checkoutId, reason: 'other' };
    const { body: session } = await api.call('POST', '/billing/sessions', {
      body: { organization_id: organizationId, permissions: ['read', 'manage'] },
    });
    const withSession = { key: api.keys.publishable, headers: { 'plinto-session': session.session_token }, body };
    expect((await api.call('POST', '/billing/refunds', withSession)).status).toBe(403);
    expect((await api.call('POST', '/billing/refunds', { key: api.keys.reader, body })).status).toBe(403);
    for (const key of [api.keys.other, api.keys.live])
      expect(await api.call('POST', '/billing/refunds', { key, body })).toMatchObject({
        status: 404,
        body: { code: 'checkout_not_found' },
      });
    expect((await post({ invoice_id: newId('inv'), reason: 'other' })).body.code).toBe('invoice_not_found');
  });
});

describe('what was paid back, asked back and bought', () => {
  it('is listed by organization, newest first, page by page, and read by id', async () => {
    const sale = await aSaleOf(api);
    const made = [];
    for (const amount_minor of [100, 200, 300])
      made.push((await post({ checkout_id: sale.checkoutId, amount_minor, reason: 'other' })).body.id);
    const list = `/billing/refunds?organization_id=${sale.organizationId}&limit=2`;
    const first = await api.call('GET', list);
    const second = await api.call('GET', `${list}&cursor=${first.body.next_cursor ?? ''}`);
    expect([...first.body.data, ...second.body.data].map(({ id }) => id)).toEqual(made.toReversed());
    expect(second.body.next_cursor).toBeNull();
    expect(await api.call('GET', `/billing/refunds/${made[0]}`)).toMatchObject({ status: 200, body: { id: made[0] } });
    expect((await api.call('GET', `/billing/refunds/${newId('re')}`)).body.code).toBe('refund_not_found');
  });

  it('shows disputes with what they are about', async () => {
    const sale = await aSaleOf(api);
    const id = newId('dsp');
    await api.query(
      `insert into disputes (id, project_id, live, organization_id, payment_id, provider, provider_dispute_id, status,
         amount_minor, currency, disputed_at) values (?, 'default', false, ?, ?, 'merchant', ?, 'needs_response', 4900, 'USD', now())`,
      [id, sale.organizationId, sale.paymentId, `prov_${id}`],
    );
    const about = { id, status: 'needs_response', invoice_id: sale.invoiceId, checkout_id: sale.checkoutId };
    const { organizationId } = sale;
    const listed = await api.call('GET', `/billing/disputes?organization_id=${organizationId}&status=needs_response`);
    expect(listed.body.data).toMatchObject([about]);
    const won = await api.call('GET', `/billing/disputes?organization_id=${organizationId}&status=won`);
    expect(won.body.data).toEqual([]);
    expect((await api.call('GET', `/billing/disputes/${id}`)).body).toMatchObject(about);
    expect((await api.call('GET', `/billing/disputes/${id}`, { key: api.keys.other })).status).toBe(404);
  });

  it('shows orders by the key of their product', async () => {
    const sale = await aSaleOf(api);
    const about = { id: sale.orderId, product: 'starter-kit', status: 'paid', amount: { amount_minor: 4900 } };
    const listed = await api.call('GET', `/billing/orders?organization_id=${sale.organizationId}`);
    expect(listed.body.data).toMatchObject([about]);
    expect((await api.call('GET', `/billing/orders/${sale.orderId}`)).body).toMatchObject(about);
    const { body: session } = await api.call('POST', '/billing/sessions', { body: { organization_id: 'org_else' } });
    const other = { key: api.keys.publishable, headers: { 'plinto-session': session.session_token } };
    expect((await api.call('GET', `/billing/orders/${sale.orderId}`, other)).body.code).toBe('order_not_found');
    expect((await api.call('GET', '/billing/orders', other)).body.data).toEqual([]);
  });
});
