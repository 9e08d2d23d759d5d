import assert from 'node:assert/strict';
import type { CheckoutMode } from '../../src/domain/catalogue.ts';
import type { Page, PageQuery } from '../../src/providers/port.ts';
import {
  aCheckout,
  aCustomer,
  createdCustomer,
  keyOf,
  orRefusal,
  pushedPrice,
  strange,
  type Behaviour,
} from './behaviour.ts';
import { featureBehaviours } from './feature-behaviours.ts';

const account: Behaviour = {
  name: 'the credentials open an account',
  needs: ['account.check'],
  async run({ account: { client } }) {
    const { providerAccountId, name } = await client.account.check();
    // Whose it is differs by nature; whether it is told does not.
    return { hasId: providerAccountId !== null, hasName: name !== null };
  },
};

const customers: Behaviour = {
  name: 'a customer is made, found, changed and removed',
  needs: ['customers.create', 'customers.find'],
  async run(scene) {
    const { customers: group } = scene.account.client;
    const { input, customer } = await createdCustomer(scene);
    const { providerCustomerId } = customer;
    const found = await group.find(input.organizationId);
    assert.equal(found?.providerCustomerId, providerCustomerId, 'is not found by our id');
    const email = `new-${input.email}`;
    const updated = await group.update(providerCustomerId, { ...input, email, ...keyOf(scene) });
    assert.equal((await group.get(providerCustomerId))?.email, email, 'the change is not read back');
    await group.remove(providerCustomerId);
    await group.remove(providerCustomerId);
    assert.equal(await group.get(providerCustomerId), null, 'is still there after its removal');
    return { customer, found, updated };
  },
};

const strangers: Behaviour = {
  name: 'what nobody has is not found',
  needs: ['customers.get'],
  async run(scene) {
    const { client } = scene.account;
    const { customer } = await createdCustomer(scene);
    const read = {
      customer: await client.customers.get(strange(customer.providerCustomerId)),
      organization: await client.customers.find(scene.id('org')),
    };
    assert.deepEqual(Object.values(read), [null, null]);
    return read;
  },
};

const catalogue: Behaviour = {
  name: 'a price is pushed once, read, listed and archived',
  needs: ['catalog.ensurePrice', 'catalog.get'],
  async run(scene) {
    const { catalog } = scene.account.client;
    const price = await pushedPrice(scene, 'subscription');
    if (!catalog || !price) return { pushed: null };
    const item = await catalog.get(price);
    assert.equal(item?.isActive, true, 'is not sold after the push');
    const listed = await firstPages((query) => catalog.list(query));
    const naming = { name: 'Starter kit (smoke test)', description: 'Two boxes' };
    const renamed = await catalog.update?.(price, { ...naming, isActive: true, ...keyOf(scene) });
    const archived = await orRefusal(catalog.update?.(price, { ...naming, isActive: false, ...keyOf(scene) }));
    const isActive = archived !== null && 'isActive' in archived && archived.isActive;
    assert.equal(isActive, false, 'is still sold after being archived');
    return { price, item, isListed: listed.length > 0, renamed: renamed ?? null, archived };
  },
};

const checkoutOf = (mode: CheckoutMode): Behaviour => ({
  name: `a checkout (${mode}) opens, is read and ended`,
  needs: ['checkouts.create', ...(mode === 'subscription' ? ['subscriptions.get'] : [])],
  async run(scene) {
    const { checkouts, customers: group } = scene.account.client;
    const input = await aCheckout(scene, mode);
    const session = await checkouts.create(input);
    assert.equal(session.outcome, 'opened');
    if (session.outcome !== 'opened') return { session };
    const { providerCheckoutId, providerCustomerId } = session;
    if (providerCustomerId !== null) scene.cleanUp(() => group.remove(providerCustomerId));
    const truth = await checkouts.get(providerCheckoutId);
    assert.equal(truth?.state, 'open');
    const { checkoutId, customer } = input;
    const createdAfter = new Date(Date.now() - 300_000).toISOString();
    const found = await checkouts.find?.({ checkoutId, organizationId: customer.organizationId, createdAfter });
    const ended = (await checkouts.end?.({ providerCheckoutId, ...keyOf(scene) })) ?? null;
    if (ended === 'ended') assert.match((await checkouts.get(providerCheckoutId))?.state ?? '', /expired|canceled/);
    return { session, truth, found: found?.length ?? null, ended };
  },
});

const discounts: Behaviour = {
  name: 'a discount code is made, found and archived',
  needs: ['discounts.ensure'],
  async run(scene) {
    const { discounts: group } = scene.account.client;
    if (!group) return {};
    const code = scene.id('SAVE').replaceAll('_', '').toUpperCase();
    const made = await group.ensure({
      ...{ code, name: 'Smoke test', off: { basisPoints: 2_000 }, duration: 'once', maxRedemptions: null },
      ...{ startsAt: null, endsAt: null, providerProductIds: null, ...keyOf(scene) },
    });
    const { providerDiscountId } = made;
    scene.cleanUp(() => group.archive({ providerDiscountId, ...keyOf(scene) }));
    const found = await group.find(code);
    assert.equal(found?.providerDiscountId, providerDiscountId, 'is not found by its code');
    const listed = await firstPages((query) => group.list(query));
    await group.archive({ providerDiscountId, ...keyOf(scene) });
    assert.equal((await group.find(code))?.isActive ?? false, false, 'can still be redeemed');
    return { made, found, isListed: listed.length > 0 };
  },
};

const paging: Behaviour = {
  name: 'lists go on where a page ended',
  needs: ['catalog.list'],
  async run(scene) {
    const { catalog } = scene.account.client;
    for (const mode of ['subscription', 'subscription', 'subscription'] as const) await pushedPrice(scene, mode);
    const items = await firstPages((query) => catalog?.list(query) ?? Promise.reject(new Error('no list')));
    const ids = items.map((item) => `${item.providerProductId}/${item.providerPriceId ?? ''}`);
    assert.equal(new Set(ids).size, ids.length, 'a page repeats what the one before had');
    return { pages: items.length };
  },
};

const emptyLists: Behaviour = {
  name: 'a new customer has bought nothing',
  needs: ['customers.create'],
  async run(scene) {
    const { client } = scene.account;
    const { customer } = await createdCustomer(scene);
    const query = { providerCustomerId: customer.providerCustomerId, cursor: null, limit: 10 };
    const lists = {
      subscriptions: await client.subscriptions?.list(query),
      invoices: await client.invoices?.list(query),
      paymentMethods: await client.paymentMethods?.list(query),
    };
    for (const [name, page] of Object.entries(lists)) assert.deepEqual(page?.items ?? [], [], `${name} are not empty`);
    return lists;
  },
};

const portal: Behaviour = {
  name: 'a customer gets a link to the portal',
  needs: ['portal.create'],
  async run(scene) {
    const { customer } = await createdCustomer(scene);
    const link = scene.account.client.portal?.create({
      ...{ providerCustomerId: customer.providerCustomerId, providerSubscriptionId: null },
      ...{ returnUrl: 'https://app.example/billing', ...keyOf(scene) },
    });
    // Where the portal is a subscription's, there is none without.
    return { link: await orRefusal(link) };
  },
};

const customerData: Behaviour = {
  name: 'a customer’s data are exported and erased',
  needs: ['customerData.export', 'customerData.erase'],
  async run(scene) {
    const { customerData: group } = scene.account.client;
    const { customer } = await createdCustomer(scene);
    const ref = { ...customer, organizationId: customer.organizationId ?? aCustomer(scene).organizationId };
    const exported = await group.export(ref);
    assert.ok(exported, 'nothing is exported');
    const erased = await group.erase({ ...ref, ...keyOf(scene) });
    assert.match(erased.outcome, /erased|anonymized|archived/);
    return { sections: Object.keys(exported), erased };
  },
};

/** In the order in which a person would try them: what the first breaks, the rest cannot do. */
export const behaviours: readonly Behaviour[] = [
  ...[account, customers, strangers, catalogue, checkoutOf('payment'), checkoutOf('subscription'), discounts],
  ...[paging, emptyLists, portal, customerData, ...featureBehaviours],
];

/** The first three pages of one item each. */
async function firstPages<T>(list: (query: PageQuery) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 3; pages += 1) {
    const page: Page<T> = await list({ cursor, limit: 1 });
    items.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}
