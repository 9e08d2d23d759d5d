import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCarryOutGrant } from '../../../src/activities/carry-out-grant.ts';
import { withGrants } from '../../../src/activities/with-grants.ts';
import { writeOrderEntitlement } from '../../../src/activities/write-order-entitlement.ts';
import { hashLicenseKey, openLicenseKey } from '../../../src/crypto/license-key.ts';
import { LicenseKeyEntity } from '../../../src/db/entities/benefit.ts';
import { OrderEntity } from '../../../src/db/entities/payment.ts';
import { newId } from '../../../src/db/new-id.ts';
import { takeWaitingGrants } from '../../../src/db/queries/benefit-grants.ts';
import {
  aBenefit,
  anOrganization,
  aPlan,
  aSubscription,
  carryOut,
  closeWorld,
  deps,
  grantsOf,
  keyRing,
  openWorld,
  orm,
  run,
  scope,
} from './benefit-world.ts';

beforeAll(openWorld);
afterAll(closeWorld);

describe('the grants of a subscription', () => {
  it('follow its entitlement, one per benefit, planned once', async () => {
    const [flag, note] = [await aBenefit('feature_flag', { feature: 'beta' }), await aBenefit('custom')];
    const subscription = await aSubscription(await aPlan(flag, note));
    await subscription.becomes('incomplete');
    expect(await grantsOf(subscription.id)).toEqual([]);
    await subscription.becomes('active');
    await subscription.becomes('active');
    const planned = await grantsOf(subscription.id);
    expect(planned).toMatchObject([
      { benefit_id: flag, status: 'pending', version: 1, provider: null },
      { benefit_id: note, status: 'pending', version: 1 },
    ]);
    expect(planned[0]?.id).toMatch(/^grant_[0-9a-f]{12}7[0-9a-f]{19}$/);
    await subscription.becomes('canceled');
    expect(await grantsOf(subscription.id)).toMatchObject([
      { status: 'revoking', version: 2 },
      { status: 'revoking', version: 2 },
    ]);
  });

  it('are carried out, told and taken back, and given again', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('feature_flag', { feature: 'beta' })));
    const flags = () =>
      run(`select feature, is_allowed, reason from entitlements where organization_id = ? and source_kind = 'grant'`, [
        subscription.organizationId,
      ]);
    await subscription.becomes('active');
    expect(await carryOut(subscription.id)).toMatchObject([{ status: 'granted', isDone: true }]);
    expect(await flags()).toEqual([{ feature: 'beta', is_allowed: true, reason: 'benefit_granted' }]);
    expect(await carryOut(subscription.id)).toMatchObject([{ because: 'it was done before' }]);
    await subscription.becomes('paused');
    expect(await flags()).toMatchObject([{ is_allowed: false, reason: 'benefit_revoked' }]);
    expect(await carryOut(subscription.id)).toMatchObject([{ status: 'revoked' }]);
    await subscription.becomes('active');
    await carryOut(subscription.id);
    expect(await flags()).toMatchObject([{ is_allowed: true }]);
    const [grant] = await grantsOf(subscription.id);
    const told = await run(`select type, data from outbound_events where object_id = ? order by sequence`, [grant?.id]);
    expect(told.map(({ type }) => type)).toEqual(['benefit.granted', 'benefit.revoked', 'benefit.granted']);
    const log = await run(`select action, before, after from audit_log where entity_id = ? order by id`, [grant?.id]);
    expect(log).toMatchObject([
      { action: 'benefit.granted', before: { status: 'pending' }, after: { status: 'granted' } },
      { action: 'benefit.revoked' },
      { action: 'benefit.granted' },
    ]);
  });

  it('change with its plan', async () => {
    const [both, only, other] = [await aBenefit('custom'), await aBenefit('custom'), await aBenefit('custom')];
    const subscription = await aSubscription(await aPlan(both, only));
    const next = await aPlan(both, other);
    await subscription.becomes('active');
    await carryOut(subscription.id);
    await subscription.becomes('active', { planId: next.planId });
    const statuses = (await grantsOf(subscription.id)).map((row) => [row.benefit_id, row.status]);
    expect(Object.fromEntries(statuses)).toEqual({ [both]: 'granted', [only]: 'revoking', [other]: 'pending' });
  });

  it('are named to its workflow as long as they wait', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('custom')));
    const settle = withGrants(deps(), async (_ref: { projectId: string; subscriptionId: string }) => ({ status: 'x' }));
    const ref = { projectId: 'p', subscriptionId: subscription.id };
    expect(await settle(ref)).toEqual({ status: 'x' });
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    expect(await settle(ref)).toEqual({ status: 'x', grants: [{ grantId: grant?.id, version: 1, provider: null }] });
    await carryOut(subscription.id);
    expect(await settle(ref)).toEqual({ status: 'x' });
  });

  it('hold a license key of ours, the same one when it comes back', async () => {
    const terms = { prefix: 'PRO', activation_limit: 2, limit_usage: null, expires: { ttl: 1, timeframe: 'year' } };
    const subscription = await aSubscription(await aPlan(await aBenefit('license_keys', terms)));
    await subscription.becomes('active');
    await carryOut(subscription.id);
    const [grant] = await grantsOf(subscription.id);
    const keyOf = () => orm.em.fork().findOneOrFail(LicenseKeyEntity, { grantId: grant?.id ?? '' });
    const issued = await keyOf();
    const key = openLicenseKey(keyRing, issued.grantId, issued.keySealed ?? Buffer.of());
    expect(hashLicenseKey(key)).toBe(issued.keyHash);
    expect(issued).toMatchObject({ status: 'granted', activationLimit: 2, usageLimit: null });
    expect(issued.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 364 * 86_400_000);
    await subscription.becomes('canceled');
    await carryOut(subscription.id);
    expect(await keyOf()).toMatchObject({ status: 'revoked', keyHash: issued.keyHash });
    await subscription.becomes('active');
    await carryOut(subscription.id);
    expect(await keyOf()).toMatchObject({ status: 'granted', keyHash: issued.keyHash });
  });

  it('wait for encryption keys rather than make a key that nobody can see', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('license_keys')));
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    const carry = createCarryOutGrant({ ...deps(), keyRing: null });
    expect(await carry({ ...scope, grantId: grant?.id ?? '' })).toMatchObject({ status: 'pending', isDone: false });
    expect(await grantsOf(subscription.id)).toMatchObject([
      { problem: 'The deployment has no encryption keys.', version: 1 },
    ]);
  });

  it('that are left behind are taken by one sweeper, seldom when they wait for somebody', async () => {
    const subscription = await aSubscription(await aPlan(await aBenefit('custom')));
    await subscription.becomes('active');
    const [grant] = await grantsOf(subscription.id);
    const before = new Date(Date.now() - 60_000);
    const take = async () =>
      (await takeWaitingGrants(orm.em.fork(), { before, limit: 100 })).map(({ grantId }) => grantId);
    expect(await take()).not.toContain(grant?.id);
    const age = (minutes: number, problem: string | null) =>
      run(`update benefit_grants set updated_at = now() - make_interval(mins => ?), problem = ? where id = ?`, [
        ...[minutes, problem, grant?.id],
      ]);
    await age(5, null);
    const taken = await Promise.all([take(), take()]);
    expect(taken.flat().filter((id) => id === grant?.id)).toHaveLength(1);
    await age(5, 'It waits for its customer.');
    expect(await take()).not.toContain(grant?.id);
    await age(15, 'It waits for its customer.');
    expect(await take()).toContain(grant?.id);
  });
});

describe('an order', () => {
  it('entitles, brings benefits, and loses both when the money goes back', async () => {
    const { planId, priceId } = await aPlan(await aBenefit('custom'));
    const [organizationId, checkoutId, id] = [await anOrganization(), newId('chk'), newId('ord')];
    await run(
      `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
         routing, status, quantity) values (?, 'p', false, ?, 'payment', 'none', 's', 'c', '{}', 'paid', 1)`,
      [checkoutId, organizationId],
    );
    await run(
      `insert into orders (id, project_id, live, organization_id, checkout_id, plan_id, price_id, status, quantity,
         amount_minor, currency, paid_at) values (?, 'p', false, ?, ?, ?, ?, 'paid', 1, 500, 'USD', now())`,
      [id, organizationId, checkoutId, planId, priceId],
    );
    const becomes = (status: 'paid' | 'partially_refunded' | 'refunded' | 'disputed') =>
      orm.em.fork().transactional(async (tx) => {
        const order = await tx.findOneOrFail(OrderEntity, { id });
        order.status = status;
        await tx.flush();
        await writeOrderEntitlement(tx, order);
      });
    const stands = async () => {
      const [row] = await run(`select is_allowed, reason from entitlements where source_id = ?`, [id]);
      const [grant] = await grantsOf(id);
      return [row?.['is_allowed'], row?.['reason'], grant?.status];
    };
    await becomes('paid');
    expect(await stands()).toEqual([true, 'order_paid', 'pending']);
    const settle = withGrants(deps(), async (_ref: { projectId: string; checkoutId: string }) => ({}));
    expect(await settle({ projectId: 'p', checkoutId })).toMatchObject({ grants: [{ version: 1 }] });
    await becomes('partially_refunded');
    expect(await stands()).toEqual([true, 'order_partially_refunded', 'pending']);
    await becomes('disputed');
    expect(await stands()).toEqual([false, 'order_disputed', 'revoking']);
    await becomes('refunded');
    expect(await stands()).toEqual([false, 'order_refunded', 'revoking']);
  });
});
