import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAttachPaymentMethod } from '../../../src/activities/attach-payment-method.ts';
import { createConfirmPaymentMethod } from '../../../src/activities/confirm-payment-method.ts';
import { createDefaultPaymentMethod } from '../../../src/activities/default-payment-method.ts';
import { createDetachPaymentMethod } from '../../../src/activities/detach-payment-method.ts';
import { createSyncPaymentMethods } from '../../../src/activities/sync-payment-methods.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { MoneyResult, PaymentMethodTruth } from '../../../src/providers/port-money.ts';
import { aMethod, startDirectWorld, type Acme } from './direct-world.ts';
import { expectDocumented } from '../../support/documented-events.ts';

let world: Awaited<ReturnType<typeof startDirectWorld>>;
let acme: Acme;
beforeAll(async () => {
  world = await startDirectWorld();
});
afterAll(() => world?.end());
beforeEach(async () => {
  acme = await world.reset();
});

type Ref = Awaited<ReturnType<typeof world.aMethodRow>>;
const attach = (ref: Ref) => createAttachPaymentMethod(world.deps)(ref);
const rowOf = (ref: Ref) => world.one('payment_methods', ref.id);
const lost: MoneyResult<PaymentMethodTruth> = { outcome: 'unknown', reason: 'timeout', providerCode: null };
const aToken = (columns: Readonly<Record<string, unknown>> = {}) =>
  world.aMethodRow({ token: 'tok_1', return_url: 'https://app.example', ...columns });
const anActive = (id: string, columns: Readonly<Record<string, unknown>> = {}) => {
  acme.methods.set(id, aMethod(id, { isDefault: columns['is_default'] === true }));
  const theirs = { provider_payment_method_id: id, provider_customer_id: 'cus_1' };
  return world.aMethodRow({ status: 'active', ...theirs, ...columns });
};
const invalid = (code: string) => new BillingError({ code, kind: 'invalid', message: 'no' });

describe('attaching a payment method', () => {
  it('stores only what may be kept, forgets the token, and tells the app', async () => {
    const ref = await aToken();
    expect(await attach(ref)).toEqual({ status: 'active', isDefault: false });
    expect(await rowOf(ref)).toMatchObject({
      ...{ status: 'active', provider_payment_method_id: 'ppm_tok_1', provider_customer_id: 'cus_1', token: null },
      ...{ return_url: null, brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2030, failure_code: null },
    });
    expect(await world.eventsOf(ref.id)).toEqual(['payment_method.attached']);
    const told = JSON.stringify(await world.query('select data from outbound_events'));
    expect(await expectDocumented((sql) => world.query(sql))).toContain('payment_method');
    expect(told).not.toContain('"tok_1"');
  });

  it('sends the token once however often it is asked for', async () => {
    const ref = await aToken();
    await attach(ref);
    expect(await attach(ref)).toMatchObject({ status: 'active' });
    expect(acme.keysOf('paymentMethods.attach')).toHaveLength(1);
  });

  it('makes it the one default where that was wished', async () => {
    const old = await anActive('ppm_old', { is_default: true });
    const ref = await aToken({ is_default: true });
    expect(await attach(ref)).toEqual({ status: 'active', isDefault: true });
    expect((await rowOf(old))['is_default']).toBe(false);
  });

  it('takes what is new at the provider after a lost answer, and sends nothing again', async () => {
    acme.methods.set('ppm_before', aMethod('ppm_before'));
    const ref = await aToken();
    acme.attaches.push(async () => {
      acme.methods.set('ppm_new', aMethod('ppm_new', { last4: '0005' }));
      return lost;
    });
    await expect(attach(ref)).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(await attach(ref)).toMatchObject({ status: 'active' });
    expect(await rowOf(ref)).toMatchObject({ provider_payment_method_id: 'ppm_new', last4: '0005' });
    expect(acme.keysOf('paymentMethods.attach')).toHaveLength(1);
  });

  it('sends it again with the same key when nothing new is there', async () => {
    const ref = await aToken();
    acme.attaches.push(async () => lost);
    await expect(attach(ref)).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(await attach(ref)).toMatchObject({ status: 'active' });
    const keys = acme.keysOf('paymentMethods.attach');
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('looks once more when a repeated token turns out to be spent', async () => {
    const ref = await aToken();
    acme.attaches.push(async () => lost);
    await expect(attach(ref)).rejects.toMatchObject({ code: 'outcome_unknown' });
    acme.attaches.push(async () => {
      acme.methods.set('ppm_late', aMethod('ppm_late'));
      throw invalid('token_invalid');
    });
    expect(await attach(ref)).toMatchObject({ status: 'active' });
    expect(await rowOf(ref)).toMatchObject({ provider_payment_method_id: 'ppm_late' });
  });

  it.each<[string, () => Promise<MoneyResult<PaymentMethodTruth>>, object]>([
    [
      'payment_declined',
      async () => ({ outcome: 'declined', declineCode: 'expired_card', providerCode: 'x', value: null }),
      { decline_code: 'expired_card', provider_code: 'x' },
    ],
    ['token_invalid', async () => Promise.reject(invalid('token_invalid')), {}],
  ])('fails with %s, and forgets the token', async (code, answer, detail) => {
    const ref = await aToken({ is_default: true });
    acme.attaches.push(answer);
    expect(await attach(ref)).toEqual({ status: 'failed', isDefault: false });
    expect(await rowOf(ref)).toMatchObject({ failure_code: code, failure_detail: detail, token: null });
    expect(await world.eventsOf(ref.id)).toEqual([]);
  });

  it('does not store the same method twice', async () => {
    const known = await anActive('ppm_tok_1');
    const ref = await aToken();
    expect(await attach(ref)).toMatchObject({ status: 'failed' });
    const failure = { failure_code: 'payment_method_known', failure_detail: { payment_method_id: known.id } };
    expect(await rowOf(ref)).toMatchObject(failure);
    expect(await rowOf(known)).toMatchObject({ status: 'active' });
  });
});

describe('a method whose bank asks for the customer', () => {
  const waiting = async () => {
    const ref = await aToken({ is_default: true });
    acme.attaches.push(async () => ({
      ...{ outcome: 'pending', value: aMethod('ppm_3ds') },
      nextAction: { kind: 'confirm', clientSecret: 'seti_secret' },
    }));
    expect(await attach(ref)).toMatchObject({ status: 'requires_action' });
    return ref;
  };
  const confirm = (ref: Ref, isLast = false) => createConfirmPaymentMethod(world.deps)({ ...ref, isLast });

  it('becomes active once the provider has it, as the default that was wished', async () => {
    const ref = await waiting();
    expect(await rowOf(ref)).toMatchObject({
      next_step: { kind: 'confirm', clientSecret: 'seti_secret' },
      token: null,
    });
    expect(await confirm(ref)).toMatchObject({ status: 'requires_action' });
    acme.methods.set('ppm_3ds', aMethod('ppm_3ds'));
    expect(await confirm(ref)).toEqual({ status: 'active', isDefault: true });
    expect((await rowOf(ref))['next_step']).toBeNull();
    expect(await world.eventsOf(ref.id)).toEqual(['payment_method.attached']);
  });

  it('fails when nobody waits any longer', async () => {
    const ref = await waiting();
    expect(await confirm(ref, true)).toMatchObject({ status: 'failed' });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'payment_method_unconfirmed' });
  });
});

describe('the default', () => {
  const makeDefault = (ref: Ref) => createDefaultPaymentMethod(world.deps)(ref);

  it('is set at the provider, and renewals are charged to it', async () => {
    const old = await anActive('ppm_old', { is_default: true });
    const ref = await anActive('ppm_new');
    const { subscriptionId } = await world.aSubscription({
      ...{ status: 'active', provider_subscription_id: 'psub_x', payment_method_id: old.id },
    });
    expect(await makeDefault(ref)).toEqual({ status: 'active', isDefault: true });
    expect(acme.keysOf('paymentMethods.setDefault ppm_new')).toHaveLength(1);
    expect(acme.keysOf('subscriptions.setPaymentMethod ppm_new')).toHaveLength(1);
    expect((await rowOf(old))['is_default']).toBe(false);
    expect(await world.one('subscriptions', subscriptionId)).toMatchObject({ payment_method_id: ref.id });
  });

  it('stays what it was when the provider refuses, and the row says why', async () => {
    const ref = await anActive('ppm_new');
    const { paymentMethods } = acme.client;
    if (!paymentMethods) throw new Error('acme stores methods');
    paymentMethods.setDefault = async () => Promise.reject(invalid('provider_rejected'));
    expect(await makeDefault(ref)).toEqual({ status: 'active', isDefault: false });
    expect(await rowOf(ref)).toMatchObject({ failure_code: 'provider_rejected', is_default: false });
  });
});

describe('taking one away', () => {
  const detach = (ref: Ref) => createDetachPaymentMethod(world.deps)(ref);

  it('moves what is charged to it to the default first', async () => {
    const heir = await anActive('ppm_heir', { is_default: true });
    const ref = await anActive('ppm_old');
    const { subscriptionId } = await world.aSubscription({
      ...{ status: 'active', provider_subscription_id: 'psub_x', payment_method_id: ref.id },
    });
    expect(await detach(ref)).toEqual({ status: 'detached', isDefault: false });
    const acts = acme.calls.map(({ operation }) => operation);
    expect(acts.indexOf('subscriptions.setPaymentMethod ppm_heir')).toBeLessThan(
      acts.indexOf('paymentMethods.detach ppm_old'),
    );
    expect(await world.one('subscriptions', subscriptionId)).toMatchObject({ payment_method_id: heir.id });
    expect(await world.eventsOf(ref.id)).toEqual(['payment_method.detached']);
  });

  it('is done once', async () => {
    const ref = await anActive('ppm_old');
    await detach(ref);
    expect(await detach(ref)).toMatchObject({ status: 'detached' });
    expect(acme.keysOf('paymentMethods.detach ppm_old')).toHaveLength(1);
  });
});

describe('what was stored on the provider’s pages', () => {
  const sync = () =>
    createSyncPaymentMethods(world.deps)({ projectId: 'p', live: false, organizationId: 'org_1', provider: 'acme' });

  it('appears, changes and goes with it', async () => {
    await world.query(`insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
      values ('p', false, 'org_1', 'acme', 'cus_1')`);
    const gone = await anActive('ppm_gone', { is_default: true });
    acme.methods.delete('ppm_gone');
    const kept = await anActive('ppm_kept', { exp_year: 2027 });
    acme.methods.set('ppm_kept', aMethod('ppm_kept', { isDefault: true }));
    acme.methods.set('ppm_new', aMethod('ppm_new'));
    expect(await sync()).toEqual({ count: 2 });
    const rows = await world.query(
      'select provider_payment_method_id as id, status, is_default, exp_year from payment_methods order by 1',
    );
    expect(rows).toEqual([
      { id: 'ppm_gone', status: 'detached', is_default: false, exp_year: null },
      { id: 'ppm_kept', status: 'active', is_default: true, exp_year: 2030 },
      { id: 'ppm_new', status: 'active', is_default: false, exp_year: 2030 },
    ]);
    expect(await world.eventsOf(gone.id)).toEqual(['payment_method.detached']);
    expect(await world.eventsOf(kept.id)).toEqual([]);
    const before = await world.query('select version from payment_methods order by id');
    await sync();
    expect(await world.query('select version from payment_methods order by id')).toEqual(before);
  });

  it('asks nobody about an organization that is no customer', async () => {
    expect(await sync()).toEqual({ count: 0 });
    expect(acme.calls).toEqual([]);
  });
});
