import { describe, expect, it } from 'vitest';
import type { ChangeSubscriptionInput } from '../../../../src/providers/port-subscriptions.ts';
import { anInvoice, aSubscription, cardDecline, list, refusal, scripted } from './support.ts';

const ref = { providerSubscriptionId: 'sub_1', providerCustomerId: 'cus_1', idempotencyKey: 'k' };

const upgrade = (more: Partial<ChangeSubscriptionInput> = {}) => ({
  ...ref,
  price: {
    providerProductId: 'prod_2',
    providerPriceId: 'price_2',
    unitAmount: { amountMinor: 5000, currency: 'USD' },
    billingInterval: 'monthly' as const,
  },
  quantity: null,
  when: 'now' as const,
  proration: 'immediate' as const,
  prorationAt: '2026-10-01T00:00:00.000Z',
  ...more,
});

const reads = { 'GET /subscriptions/sub_1': aSubscription(), 'GET /invoices': list() };

describe('Stripe changes of a subscription', () => {
  it('changes the item it has, keeps its quantity and pins the proration', async () => {
    const { client, sent } = await scripted({ ...reads, 'POST /subscriptions/sub_1': aSubscription() });
    expect(await client.subscriptions.change?.(upgrade())).toMatchObject({ outcome: 'succeeded' });
    expect(sent.find(({ call }) => call === 'POST /subscriptions/sub_1')).toMatchObject({
      key: 'k:change',
      params: {
        'items[0][id]': 'si_1',
        'items[0][price]': 'price_2',
        'items[0][quantity]': '2',
        payment_behavior: 'error_if_incomplete',
        proration_behavior: 'always_invoice',
        proration_date: String(Date.parse('2026-10-01T00:00:00Z') / 1000),
      },
    });
  });

  it('reads invoices oldest first, though two are of the same second', async () => {
    const { client } = await scripted({
      ...reads,
      'GET /invoices': list(anInvoice({ id: 'in_3' }), anInvoice({ id: 'in_2' }), anInvoice({ created: 1789999999 })),
    });
    const truth = await client.subscriptions.get(ref);
    expect(truth?.invoices.map(({ providerInvoiceId }) => providerInvoiceId)).toEqual(['in_1', 'in_2', 'in_3']);
  });

  it.each([
    ['immediate', 'always_invoice'],
    ['next_invoice', 'create_prorations'],
    ['none', 'none'],
  ] as const)('prorates %s as %s', async (proration, wire) => {
    const { client, sent } = await scripted({ ...reads, 'POST /subscriptions/sub_1': aSubscription() });
    await client.subscriptions.change?.(upgrade({ proration }));
    expect(sent.find(({ call }) => call.startsWith('POST'))?.params.proration_behavior).toBe(wire);
  });

  it('leaves nothing behind when the card is declined', async () => {
    const { client, calls } = await scripted({
      ...reads,
      'POST /subscriptions/sub_1': cardDecline('insufficient_funds'),
    });
    expect(await client.subscriptions.change?.(upgrade())).toEqual({
      outcome: 'declined',
      declineCode: 'insufficient_funds',
      providerCode: 'insufficient_funds',
      value: null,
    });
    expect(calls()).toEqual(['GET /subscriptions/sub_1', 'POST /subscriptions/sub_1']);
  });

  it('waits as a pending update for a buyer whom the bank wants to see', async () => {
    const pending = aSubscription({
      pending_update: { expires_at: 1790080000 },
      latest_invoice: anInvoice({
        status: 'open',
        confirmation_secret: { type: 'payment_intent', client_secret: 'cs' },
      }),
    });
    const needed = [
      402,
      { error: { type: 'card_error', code: 'subscription_payment_intent_requires_action' } },
    ] as const;
    const { client, sent } = await scripted({ ...reads, 'POST /subscriptions/sub_1': { each: [needed, pending] } });
    expect(await client.subscriptions.change?.(upgrade())).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'confirm', clientSecret: 'cs' },
    });
    const posts = sent.filter(({ call }) => call.startsWith('POST'));
    expect(posts.map(({ params }) => params.payment_behavior)).toEqual([
      'error_if_incomplete',
      'pending_if_incomplete',
    ]);
    expect(posts.map(({ key }) => key)).toEqual(['k:change', 'k:change:confirm']);
  });

  it('is unknown, not failed, when the answer is a 500', async () => {
    const { client } = await scripted({
      ...reads,
      'POST /subscriptions/sub_1': [500, { error: { type: 'api_error' } }],
    });
    expect(await client.subscriptions.change?.(upgrade())).toMatchObject({ outcome: 'unknown', reason: 'api_error' });
  });

  it("plans a change for the period's end in two phases, with the discount kept", async () => {
    const phase = { start_date: 1790000000, end_date: 1792592000, discounts: [{ discount: 'di_1' }] };
    const schedule = {
      id: 'sub_sched_1',
      status: 'active',
      current_phase: { start_date: 1790000000, end_date: 1792592000 },
      phases: [phase],
    };
    const { client, sent } = await scripted({
      ...reads,
      'POST /subscription_schedules': schedule,
      'POST /subscription_schedules/sub_sched_1': schedule,
    });
    expect(await client.subscriptions.change?.(upgrade({ when: 'period_end', quantity: 3 }))).toMatchObject({
      outcome: 'succeeded',
    });
    expect(sent.find(({ call }) => call === 'POST /subscription_schedules/sub_sched_1')?.params).toMatchObject({
      end_behavior: 'release',
      'phases[0][items][0][price]': 'price_1',
      'phases[0][end_date]': '1792592000',
      'phases[0][discounts][0][discount]': 'di_1',
      'phases[1][items][0][price]': 'price_2',
      'phases[1][items][0][quantity]': '3',
      'phases[1][duration][interval]': 'month',
      'phases[1][discounts][0][discount]': 'di_1',
    });
  });

  it('releases what was planned before it cancels, and does not cancel twice', async () => {
    const scheduled = aSubscription({ schedule: 'sub_sched_1' });
    const released = { id: 'sub_sched_1', status: 'released', phases: [] };
    const planned = await scripted({
      ...reads,
      'GET /subscriptions/sub_1': { each: [scheduled, aSubscription({ cancel_at_period_end: true })] },
      'POST /subscription_schedules/sub_sched_1/release': released,
      'POST /subscriptions/sub_1': aSubscription({ cancel_at_period_end: true }),
    });
    const input = { ...ref, when: 'period_end' as const, reason: 'moved away', comment: null };
    expect(await planned.client.subscriptions.cancel(input)).toMatchObject({ cancelAtPeriodEnd: true });
    expect(planned.calls().slice(0, 3)).toEqual([
      'GET /subscriptions/sub_1',
      'POST /subscription_schedules/sub_sched_1/release',
      'POST /subscriptions/sub_1',
    ]);
    expect(planned.sent[2]?.params).toEqual({
      cancel_at_period_end: 'true',
      'cancellation_details[feedback]': 'other',
    });
    const ended = await scripted({ ...reads, 'GET /subscriptions/sub_1': aSubscription({ status: 'canceled' }) });
    expect(await ended.client.subscriptions.cancel({ ...input, when: 'now' })).toMatchObject({ status: 'canceled' });
    expect(ended.calls().filter((call) => !call.startsWith('GET'))).toEqual([]);
  });
});

describe('Stripe previews', () => {
  it('tells what is due now, what comes next, and the moment to repeat', async () => {
    const now = anInvoice({
      total: 1234,
      amount_due: 1200,
      parent: { subscription_details: { subscription: 'sub_1', subscription_proration_date: 1791000000 } },
    });
    const { client, sent } = await scripted({
      ...reads,
      'POST /invoices/create_preview': { each: [now, now] },
    });
    const preview = await client.subscriptions.preview?.(upgrade({ prorationAt: null }));
    expect(preview).toMatchObject({
      dueNow: { amountMinor: 1200, currency: 'USD' },
      nextInvoice: { amountMinor: 1200, currency: 'USD' },
      prorationAt: new Date(1791000000_000).toISOString(),
    });
    const asked = sent.filter(({ call }) => call === 'POST /invoices/create_preview');
    const behaviors = asked.map(({ params }) => params['subscription_details[proration_behavior]']);
    expect(new Set(behaviors)).toEqual(new Set(['always_invoice', 'none']));
  });

  it('owes the customer what is negative', async () => {
    const credit = anInvoice({ total: -500, amount_due: 0 });
    const { client } = await scripted({ ...reads, 'POST /invoices/create_preview': credit });
    expect(await client.subscriptions.preview?.(upgrade())).toMatchObject({ dueNow: { amountMinor: -500 } });
  });

  it('is due at once when the interval changes, whatever the proration', async () => {
    const { client } = await scripted({ ...reads, 'POST /invoices/create_preview': anInvoice() });
    const { price } = upgrade();
    const yearly = upgrade({ proration: 'none', price: price && { ...price, billingInterval: 'yearly' } });
    expect(await client.subscriptions.preview?.(yearly)).toMatchObject({
      dueNow: { amountMinor: 2900 },
      nextInvoice: null,
    });
  });
});

describe('Stripe pauses', () => {
  it('voids invoices until the day named, and is paused in our words', async () => {
    const paused = aSubscription({ pause_collection: { behavior: 'void', resumes_at: 1795000000 } });
    const { client, sent } = await scripted({
      ...reads,
      'GET /subscriptions/sub_1': paused,
      'POST /subscriptions/sub_1': paused,
    });
    const resumesAt = new Date(1795000000_000).toISOString();
    expect(await client.subscriptions.pause?.({ ...ref, when: 'now', resumesAt })).toMatchObject({
      status: 'paused',
      resumesAt,
    });
    expect(sent[0]?.params).toEqual({
      'pause_collection[behavior]': 'void',
      'pause_collection[resumes_at]': '1795000000',
    });
  });

  it('goes on serving while drafts are kept', async () => {
    const kept = aSubscription({ pause_collection: { behavior: 'keep_as_draft', resumes_at: null } });
    const { client } = await scripted({ ...reads, 'GET /subscriptions/sub_1': kept });
    expect(await client.subscriptions.get(ref)).toMatchObject({ status: 'active' });
  });

  it("does not pretend to pause at the period's end", async () => {
    const { client, calls } = await scripted(reads);
    await expect(client.subscriptions.pause?.({ ...ref, when: 'period_end', resumesAt: null })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    expect(calls()).toEqual([]);
  });

  it.each([
    ['a pause of collection', { pause_collection: { behavior: 'void' } }, 'POST /subscriptions/sub_1'],
    ['a pause of Stripe’s own', { status: 'paused' }, 'POST /subscriptions/sub_1/resume'],
  ])('ends %s', async (_what, state, call) => {
    const { client, calls } = await scripted({
      ...reads,
      'GET /subscriptions/sub_1': { each: [aSubscription(state), aSubscription()] },
      [call]: aSubscription(),
    });
    expect(await client.subscriptions.resume?.(ref)).toMatchObject({
      outcome: 'succeeded',
      value: { status: 'active' },
    });
    expect(calls().filter((sent) => sent.startsWith('POST'))).toEqual([call]);
  });
});

describe('Stripe collecting', () => {
  it('pays the newest open invoice, and says when nothing is open', async () => {
    const owing = await scripted({
      ...reads,
      'GET /invoices': list(anInvoice({ status: 'open', amount_paid: 0 })),
      'POST /invoices/in_1/pay': cardDecline('expired_card'),
      'GET /invoices/in_1': anInvoice({ status: 'open', amount_paid: 0 }),
    });
    expect(await owing.client.subscriptions.retryPayment?.(ref)).toMatchObject({
      outcome: 'declined',
      declineCode: 'expired_card',
      value: { providerSubscriptionId: 'sub_1' },
    });
    const square = await scripted(reads);
    expect(await square.client.subscriptions.retryPayment?.(ref)).toMatchObject({ outcome: 'succeeded' });
    expect(square.calls()).not.toContain('POST /invoices/in_1/pay');
  });

  it('takes an invoice that was paid meanwhile for paid', async () => {
    const { client } = await scripted({
      'POST /invoices/in_1/pay': refusal({ message: 'Invoice is already paid' }),
      'GET /invoices/in_1': anInvoice(),
    });
    const input = { providerInvoiceId: 'in_1', providerPaymentMethodId: null, idempotencyKey: 'k' };
    expect(await client.invoices.pay?.(input)).toMatchObject({ outcome: 'succeeded', value: { status: 'paid' } });
  });

  it("sends the buyer to Stripe's page when the bank asks", async () => {
    const hosted = 'https://invoice.stripe.com/i/1';
    const { client } = await scripted({
      'POST /invoices/in_1/pay': [
        402,
        { error: { type: 'card_error', code: 'invoice_payment_intent_requires_action' } },
      ],
      'GET /invoices/in_1': anInvoice({ status: 'open', hosted_invoice_url: hosted }),
    });
    const input = { providerInvoiceId: 'in_1', providerPaymentMethodId: null, idempotencyKey: 'k' };
    expect(await client.invoices.pay?.(input)).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'redirect', url: hosted },
    });
  });
});
