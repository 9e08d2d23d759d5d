import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesOf } from '../../src/providers/accounts.ts';
import type { BenefitOperations, DiscountInput, UsageEventInput } from '../../src/providers/port-catalog.ts';
import { everything, key, providersWith, sell, subscribe } from './sales.ts';
import { aCheckout, createWorld, nextId, priceAt, pushPrice, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterEach(() => world.control('DELETE', 'faults'));
afterAll(() => world.close());

describe.each(providersWith('catalog.get', 'catalog.list'))('the catalogue of %s', (provider) => {
  it('has what was pushed, once', async () => {
    const account = world.account(provider);
    const { catalog } = account.client;
    if (!catalog) throw new Error('no catalogue');
    const priceId = nextId('price');
    const pushed = await pushPrice(provider, account, 'subscription', priceId);
    expect(await pushPrice(provider, account, 'subscription', priceId)).toEqual(pushed);
    if (!pushed) throw new Error('not pushed');
    expect(await catalog.get(pushed)).toMatchObject({
      ...pushed,
      name: 'Starter kit',
      unitAmount: priceAt(provider),
      billingInterval: 'monthly',
      isActive: true,
    });
    const all = await everything((query) => catalog.list(query));
    expect(all.filter((item) => item.providerProductId === pushed.providerProductId)).toHaveLength(1);
  });

  it('is pushed once though the answer is lost', async () => {
    const account = world.account(provider);
    const priceId = nextId('price');
    await world.fault(provider, 'timeout_after_work', { operation: 'products.create' });
    await world.fault(provider, 'timeout_after_work', { operation: 'prices.create' });
    await pushPrice(provider, account, 'subscription', priceId).catch(() => undefined);
    await world.control('DELETE', 'faults');
    const pushed = await pushPrice(provider, account, 'subscription', priceId);
    const all = await everything((query) => account.client.catalog?.list(query) ?? Promise.reject(new Error()), 50);
    const same = all.filter((item) => item.priceId === priceId || item.providerProductId === pushed?.providerProductId);
    expect(same).toHaveLength(1);
  });
});

describe.each(providersWith('catalog.update'))('a product at %s', (provider) => {
  it('is renamed, and no longer sold', async () => {
    const account = world.account(provider);
    const { catalog } = account.client;
    const pushed = await pushPrice(provider, account, 'subscription');
    if (!pushed || !catalog?.update) throw new Error('not pushed');
    const changes = { name: 'Renamed kit', description: 'Two boxes', isActive: true };
    expect(await catalog.update(pushed, { ...changes, ...key() })).toMatchObject({ name: 'Renamed kit' });
    expect(await catalog.get(pushed)).toMatchObject({ name: 'Renamed kit', isActive: true });
    const retired = catalog.update(pushed, { ...changes, isActive: false, ...key() });
    const refused = await retired.then(() => null).catch((error: unknown) => error);
    const isActive = (await catalog.get(pushed))?.isActive ?? false;
    // Where it cannot be retired, that is said and nothing has changed.
    expect({ refused, isActive }).toMatchObject(
      isActive ? { refused: { code: 'not_supported_by_provider' } } : { refused: null },
    );
  });
});

describe.each(providersWith('discounts.ensure'))('discounts at %s', (provider) => {
  const code = () =>
    nextId('SAVE')
      .replaceAll(/[^A-Za-z0-9]/g, '')
      .toUpperCase();
  const aDiscount = (more: Partial<DiscountInput> = {}): DiscountInput => ({
    ...{ code: code(), name: 'Launch', off: { basisPoints: 2_000 }, duration: 'once', maxRedemptions: null },
    ...{ startsAt: null, endsAt: null, providerProductIds: null },
    ...key(),
    ...more,
  });

  it('are made once, found by code, taken off a checkout, and archived', async () => {
    const account = world.account(provider);
    const { discounts } = account.client;
    if (!discounts) throw new Error('no discounts');
    const input = aDiscount();
    const made = await discounts.ensure(input);
    expect(made).toMatchObject({ code: input.code, off: { basisPoints: 2_000 }, duration: 'once', isActive: true });
    expect(await discounts.ensure(input)).toEqual(made);
    expect(await discounts.find(input.code)).toEqual(made);
    expect(await discounts.find('NOSUCHCODE')).toBeNull();
    const takes = abilitiesOf(provider).features.discountCode.includes('payment');
    const checkout = { ...(await aCheckout(provider, account)), discountCode: takes ? input.code : null };
    const session = await account.client.checkouts.create(checkout);
    if (session.outcome !== 'opened') throw new Error('not opened');
    await world.visit(session.url);
    await world.complete(provider, session.providerCheckoutId, 'paid');
    const truth = await account.client.checkouts.get(session.providerCheckoutId);
    expect(truth?.payment?.amount.amountMinor).toBe(priceAt(provider).amountMinor * (takes ? 0.8 : 1));
    await discounts.archive({ providerDiscountId: made.providerDiscountId, ...key() });
    expect((await discounts.find(input.code))?.isActive ?? false).toBe(false);
  });

  it('refuse a code that means something else', async () => {
    const { discounts } = world.account(provider).client;
    const input = aDiscount();
    await discounts?.ensure(input);
    await expect(discounts?.ensure({ ...input, off: { basisPoints: 5_000 }, ...key() })).rejects.toMatchObject({
      code: 'discount_code_taken',
      kind: 'conflict',
    });
  });
});

describe.each(providersWith('benefits.ensure'))('benefits at %s', (provider) => {
  const of = (): BenefitOperations => {
    const { benefits } = world.account(provider).client;
    if (!benefits) throw new Error('no benefits');
    return benefits;
  };
  const aBenefit = (benefitId = nextId('ben')) =>
    of().ensure({
      benefitId,
      type: 'custom',
      description: 'Priority support',
      properties: { note: 'Call us' },
      ...key(),
    });

  it('come with the product that brings them, and go with the subscription', async () => {
    const account = world.account(provider);
    const benefit = await aBenefit();
    const price = await pushPrice(provider, account, 'subscription');
    if (!price) throw new Error('not pushed');
    const { providerBenefitId } = benefit;
    await of().setForProduct({
      providerProductId: price.providerProductId,
      providerBenefitIds: [providerBenefitId],
      ...key(),
    });
    const sale = await subscribe(world, provider, { providerPrice: price });
    const grants = () => everything((query) => of().grants({ providerCustomerId: sale.providerCustomerId, ...query }));
    expect(await grants()).toMatchObject([{ providerBenefitId, isGranted: true, type: 'custom' }]);
    await account.client.subscriptions?.cancel({ ...sale.ref, when: 'now', reason: null, comment: null, ...key() });
    expect((await grants()).filter((grant) => grant.isGranted)).toEqual([]);
  });

  it('are defined once, changed, and removed', async () => {
    const benefitId = nextId('ben');
    const made = await aBenefit(benefitId);
    expect(await aBenefit(benefitId)).toEqual(made);
    const input = { benefitId, type: 'custom', description: 'Faster support', properties: { note: null }, ...key() };
    const changed = await of().update({ ...input, providerBenefitId: made.providerBenefitId });
    expect(changed.description).toBe('Faster support');
    await of().remove({ providerBenefitId: made.providerBenefitId, ...key() });
    expect((await of().get(made.providerBenefitId))?.isDeleted ?? true).toBe(true);
  });

  it('are given without a purchase, once, and taken back', async () => {
    const { providerBenefitId } = await aBenefit();
    const { providerCustomerId } = await sell(world, provider);
    const held = async () =>
      (await everything((query) => of().grants({ providerCustomerId, ...query }))).filter(
        (grant) => grant.providerBenefitId === providerBenefitId && grant.isGranted,
      );
    await of().grant({ providerCustomerId, providerBenefitId, ...key() });
    await of().grant({ providerCustomerId, providerBenefitId, ...key() });
    expect(await held()).toHaveLength(1);
    await of().revoke({ providerCustomerId, providerBenefitId, ...key() });
    await of().revoke({ providerCustomerId, providerBenefitId, ...key() });
    expect(await held()).toEqual([]);
  });
});

describe.each(providersWith('licenseKeys.validate', 'benefits.grant'))('license keys at %s', (provider) => {
  it('are validated, activated up to their limit, and refused once revoked', async () => {
    const { benefits, licenseKeys } = world.account(provider).client;
    if (!benefits || !licenseKeys) throw new Error('no license keys');
    const properties = { prefix: 'ACME', activations: { limit: 1, enable_customer_admin: false } };
    const benefitId = nextId('ben');
    const input = { benefitId, type: 'license_keys', description: 'License', properties, ...key() };
    const { providerBenefitId } = await benefits.ensure(input);
    const { providerCustomerId } = await sell(world, provider);
    await benefits.grant({ providerCustomerId, providerBenefitId, ...key() });
    const [row] = await everything((query) => licenseKeys.list({ providerCustomerId, ...query }));
    const license = row?.key ?? '';
    const ask = { key: license, activationId: null, incrementUsage: null };
    expect(await licenseKeys.validate(ask)).toMatchObject({ status: 'granted', providerCustomerId });
    expect(await licenseKeys.validate({ ...ask, key: `${license}0` })).toBeNull();
    const { activationId } = await licenseKeys.activate({ key: license, label: 'laptop', conditions: {} });
    await expect(licenseKeys.activate({ key: license, label: 'tower', conditions: {} })).rejects.toMatchObject({
      code: 'license_activation_refused',
    });
    await licenseKeys.deactivate({ key: license, activationId });
    await licenseKeys.deactivate({ key: license, activationId });
    await licenseKeys.activate({ key: license, label: 'tower', conditions: {} });
    await benefits.revoke({ providerCustomerId, providerBenefitId, ...key() });
    expect(await licenseKeys.validate(ask)).toBeNull();
  });
});

describe.each(providersWith('usage.ingest', 'usage.quantity'))('usage at %s', (provider) => {
  async function aMeter() {
    const sale = await subscribe(world, provider);
    const { usage } = sale.account.client;
    if (!usage) throw new Error('no usage');
    const meterId = nextId('mtr');
    const eventName = `calls_${meterId.replaceAll(/\W/g, '')}`;
    const meter = { meterId, name: eventName, eventName, aggregation: 'sum' as const, property: 'quantity', ...key() };
    const { providerMeterId } = await usage.ensureMeter(meter);
    const { providerCustomerId } = sale;
    const anEvent = (quantity: string, eventId = nextId('ue')): UsageEventInput => ({
      ...{ eventId, eventName, organizationId: sale.input.customer.organizationId, providerCustomerId, quantity },
      ...{ timestamp: new Date(Date.now() - 120_000).toISOString(), properties: {} },
    });
    const counted = () =>
      usage.quantity({
        ...{ providerMeterId, providerCustomerId },
        from: new Date(Date.now() - 3_600_000).toISOString(),
        to: new Date(Date.now() + 3_600_000).toISOString(),
      });
    return { usage, meter, anEvent, counted, providerMeterId };
  }

  it('is counted once per event, whatever is repeated', async () => {
    const { usage, anEvent, counted } = await aMeter();
    const events = [anEvent('2'), anEvent('3')];
    expect(await usage.ingest(events)).toMatchObject({ accepted: 2, duplicates: 0, rejected: [] });
    const again = await usage.ingest([...events, anEvent('5')]);
    expect(again).toMatchObject({ accepted: 1, duplicates: 2 });
    expect(Number(await counted())).toBe(10);
  });

  it('is sent again after a lost answer, and counted once', async () => {
    const { usage, anEvent, counted } = await aMeter();
    const event = anEvent('4');
    await world.fault(provider, 'timeout_after_work', { operation: 'events.ingest' });
    await world.fault(provider, 'timeout_after_work', { operation: 'meter_events.create' });
    await expect(usage.ingest([event])).rejects.toMatchObject({ kind: 'unavailable' });
    await world.control('DELETE', 'faults');
    await usage.ingest([event]);
    expect(Number(await counted())).toBe(4);
  });

  it('has each meter once', async () => {
    const { usage, meter, providerMeterId } = await aMeter();
    expect((await usage.ensureMeter({ ...meter, ...key() })).providerMeterId).toBe(providerMeterId);
    const all = await everything((query) => usage.listMeters(query), 50);
    expect(all.filter((known) => known.providerMeterId === providerMeterId)).toHaveLength(1);
  });
});
