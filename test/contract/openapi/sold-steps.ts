import { abilitiesOf, operationsOf } from '../../../src/providers/accounts.ts';
import { everything, key, sell, subscribe, tokenOf, cards } from '../sales.ts';
import { aCheckout, nextId, priceAt, pushPrice, type World } from '../support.ts';

/** Operations that need a sale, called once each, so that their exchanges can be held against the document. */
export interface SoldStep {
  readonly name: string;
  readonly needs: readonly string[];
  readonly run: (world: World, provider: string) => Promise<unknown>;
}

const has = (provider: string, operation: string): boolean => operationsOf(provider).includes(operation);
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();

const subscriptions: SoldStep = {
  name: 'reads, lists, pauses, resumes and ends a subscription',
  needs: ['subscriptions.get'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { subscriptions: group } = sale.account.client;
    const can = abilitiesOf(provider).subscriptions;
    if (!group || !can) throw new Error('no subscriptions');
    const input = { ...sale.ref, reason: 'too_expensive', comment: null };
    await group.get(sale.ref);
    await group.list({ providerCustomerId: sale.providerCustomerId, cursor: null, limit: 10 });
    await group.listAll?.({ cursor: null, limit: 10 });
    const [pause] = can.pause;
    if (pause !== undefined) {
      await group.pause?.({ ...sale.ref, when: pause, resumesAt: can.pauseUntil ? inDays(40) : null, ...key() });
      await group.resume?.({ ...sale.ref, ...key() });
    }
    if (can.undoCancel) {
      await group.cancel({ ...input, when: 'period_end', ...key() });
      await group.undoCancel?.({ ...sale.ref, ...key() });
    }
    await group.cancel({ ...input, when: can.cancel.includes('now') ? 'now' : 'period_end', ...key() });
  },
};

const planChanges: SoldStep = {
  name: 'previews, makes and takes back changes of a subscription',
  needs: ['subscriptions.change'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { subscriptions: group } = sale.account.client;
    const can = abilitiesOf(provider).subscriptions;
    for (const when of can?.change.plan ?? []) {
      const amountMinor = priceAt(provider).amountMinor * (when === 'now' ? 2 : 1) + 1_000;
      const unitAmount = { ...priceAt(provider), amountMinor };
      const pushed = await pushPrice(provider, sale.account, 'subscription', nextId('price'), unitAmount);
      if (!pushed) throw new Error('not pushed');
      const price = { ...pushed, unitAmount, billingInterval: 'monthly' as const };
      const proration = when === 'now' ? (can?.proration[0] ?? 'none') : 'none';
      const input = { ...sale.ref, price, quantity: null, when, proration, prorationAt: null };
      const seen = when === 'now' ? await group?.preview?.(input) : undefined;
      await group?.change?.({ ...input, prorationAt: seen?.prorationAt ?? null, ...key() });
      if (when === 'period_end') await group?.cancelChange?.({ ...sale.ref, ...key() });
    }
  },
};

const trialMoves: SoldStep = {
  name: 'moves the end of a trial',
  needs: ['subscriptions.setTrialEnd'],
  async run(world, provider) {
    const sale = await subscribe(world, provider, { trialDays: 7 });
    await sale.account.client.subscriptions?.setTrialEnd?.({ ...sale.ref, trialEnd: inDays(21), ...key() });
  },
};

const pastDue: SoldStep = {
  name: 'collects what is past due',
  needs: ['subscriptions.retryPayment'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const card = `subscriptions/${provider}/${encodeURIComponent(sale.ref.providerSubscriptionId)}/card`;
    await world.control('POST', card, { number: cards.declinesLater });
    await world.control('POST', 'clock', { advance: 'P32D' });
    await world.control('POST', card, { number: cards.good });
    await sale.account.client.subscriptions?.retryPayment?.({ ...sale.ref, ...key() });
  },
};

const refunds: SoldStep = {
  name: 'refunds a payment in part, and lists the refunds',
  needs: ['refunds.create'],
  async run(world, provider) {
    const sale = await sell(world, provider);
    const { payment } = sale.truth;
    if (!payment) throw new Error('not paid');
    const { providerPaymentId, providerInvoiceId } = payment;
    const amount = { ...payment.amount, amountMinor: 10_000 };
    const of = { providerPaymentId, providerInvoiceId };
    const input = { refundId: nextId('re'), ...of, amount, reason: 'requested_by_customer' as const, refundedMinor: 0 };
    await sale.account.client.refunds?.create({ ...input, ...key() });
    await sale.account.client.refunds?.list(of);
  },
};

const charges: SoldStep = {
  name: 'reads a charge by itself',
  needs: ['changes.charge'],
  async run(world, provider) {
    const sale = await sell(world, provider);
    await sale.account.client.changes?.charge(sale.truth.payment?.providerPaymentId ?? '');
  },
};

const disputes: SoldStep = {
  name: 'reads disputes',
  needs: ['disputes.list'],
  async run(world, provider) {
    const sale = await sell(world, provider);
    const id = encodeURIComponent(sale.truth.payment?.providerPaymentId ?? '');
    await world.control('POST', `payments/${provider}/${id}/dispute`, { reason: 'fraudulent' });
    const { disputes: group } = sale.account.client;
    const createdAfter = new Date(Date.now() - 3_600_000).toISOString();
    const page = await group?.list({ createdAfter, cursor: null, limit: 10 });
    await group?.get(page?.items[0]?.providerDisputeId ?? '');
  },
};

const invoices: SoldStep = {
  name: 'reads invoices and their documents',
  needs: ['invoices.list'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { invoices: group } = sale.account.client;
    const page = await group?.list({ providerCustomerId: sale.providerCustomerId, cursor: null, limit: 10 });
    const providerInvoiceId = page?.items[0]?.providerInvoiceId ?? '';
    await group?.get(providerInvoiceId);
    await group?.document?.(providerInvoiceId);
    await group?.document?.(providerInvoiceId);
    await group
      ?.pay?.({ providerInvoiceId, providerPaymentMethodId: null, ...key() })
      // It is paid already: the refusal is an exchange too.
      .catch(() => undefined);
  },
};

const portal: SoldStep = {
  name: 'opens the portal of a subscription',
  needs: ['portal.create'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { providerSubscriptionId } = sale.ref;
    const customer = { providerCustomerId: sale.providerCustomerId, providerSubscriptionId };
    await sale.account.client.portal?.create({ ...customer, returnUrl: 'https://app.example/billing', ...key() });
  },
};

const grants: SoldStep = {
  name: 'gives a benefit with a product and without, and takes it back',
  needs: ['benefits.grant'],
  async run(world, provider) {
    const { account, providerCustomerId } = await sell(world, provider);
    const { benefits } = account.client;
    const price = await pushPrice(provider, account, 'subscription');
    if (!benefits || !price) throw new Error('no benefits');
    const input = { benefitId: nextId('ben'), type: 'custom', description: 'Support', properties: { note: null } };
    const { providerBenefitId } = await benefits.ensure({ ...input, ...key() });
    await benefits.update({ ...input, description: 'Faster support', providerBenefitId, ...key() });
    const { providerProductId } = price;
    await benefits.setForProduct({ providerProductId, providerBenefitIds: [providerBenefitId], ...key() });
    await benefits.grant({ providerCustomerId, providerBenefitId, ...key() });
    await benefits.grants({ providerCustomerId, cursor: null, limit: 10 });
    await benefits.revoke({ providerCustomerId, providerBenefitId, ...key() });
    await benefits.get(providerBenefitId);
    await benefits.list({ cursor: null, limit: 10 });
    await benefits.remove({ providerBenefitId, ...key() });
  },
};

const licenseKeys: SoldStep = {
  name: 'validates, activates and frees a license key',
  needs: ['licenseKeys.validate', 'benefits.grant'],
  async run(world, provider) {
    const { account, providerCustomerId } = await sell(world, provider);
    const { benefits, licenseKeys: group } = account.client;
    if (!benefits || !group) throw new Error('no license keys');
    const properties = { prefix: 'ACME', activations: { limit: 1, enable_customer_admin: false } };
    const input = { benefitId: nextId('ben'), type: 'license_keys', description: 'License', properties };
    const { providerBenefitId } = await benefits.ensure({ ...input, ...key() });
    await benefits.grant({ providerCustomerId, providerBenefitId, ...key() });
    const [license] = await everything((query) => group.list({ providerCustomerId, ...query }));
    const value = { key: license?.key ?? '' };
    const { activationId } = await group.activate({ ...value, label: 'laptop', conditions: {} });
    await group.validate({ ...value, activationId, incrementUsage: null });
    await group.activate({ ...value, label: 'tower', conditions: {} }).catch(() => undefined);
    await group.deactivate({ ...value, activationId });
  },
};

const paymentMethods: SoldStep = {
  name: 'attaches, charges and detaches a card',
  needs: ['paymentMethods.attach'],
  async run(world, provider) {
    const { client } = world.account(provider);
    const { paymentMethods: group } = client;
    const organizationId = nextId('org');
    const customer = { organizationId, email: `${organizationId}@example.com`, name: 'Ada Example', address: null };
    const person = { ...customer, phone: '+525555555555', providerCustomerId: null };
    const { providerCustomerId } = await client.customers.create({ ...person, ...key() });
    const token = await tokenOf(world, provider, cards.good);
    const returnUrl = 'https://app.example/back';
    const input = { providerCustomerId, token, setAsDefault: true, billingAddress: null, returnUrl };
    const attached = await group?.attach?.({ ...input, ...key() });
    const method = attached && 'value' in attached ? attached.value : null;
    if (!method || !group) throw new Error(`not attached: ${JSON.stringify(attached)}`);
    const { providerPaymentMethodId } = method;
    const businessId = nextId('chk');
    const metadata = { checkout_id: businessId, organization_id: organizationId, project_id: 'default' };
    const payment = { businessId, customer: { ...person, providerCustomerId }, amount: priceAt(provider), metadata };
    const stored = { kind: 'stored', providerPaymentMethodId, offSession: true } as const;
    const voucher = { kind: 'voucher', method: 'spei', expiresAt: inDays(1) } as const;
    for (const source of has(provider, 'payments.create') ? [stored, voucher] : [])
      await client.payments?.create({ ...payment, description: 'Starter kit', source, returnUrl, ...key() });
    const createdAfter = new Date(Date.now() - 60_000).toISOString();
    const found = (await client.payments?.find({ businessId, providerCustomerId, createdAfter })) ?? [];
    for (const { providerObjectId } of found) {
      await client.payments?.get(providerObjectId);
      await client.payments?.cancel({ providerObjectId, ...key() });
    }
    const ref = { providerCustomerId, providerPaymentMethodId };
    await group.list({ providerCustomerId, cursor: null, limit: 10 });
    await group.get(ref);
    await group.setDefault?.({ ...ref, ...key() });
    await group.detach({ ...ref, ...key() });
  },
};

const ownSubscriptions: SoldStep = {
  name: 'subscribes a customer without a page',
  needs: ['subscriptions.create', 'paymentMethods.attach'],
  async run(world, provider) {
    const { client } = world.account(provider);
    const input = await aCheckout(provider, world.account(provider), { mode: 'subscription' });
    const { providerCustomerId } = await client.customers.create({ ...input.customer, ...key() });
    const token = await tokenOf(world, provider, cards.good);
    const method = { providerCustomerId, token, setAsDefault: true, billingAddress: null, returnUrl: null };
    const attached = await client.paymentMethods?.attach?.({ ...method, ...key() });
    if (attached?.outcome !== 'succeeded' || !input.line) throw new Error('not attached');
    const { providerPaymentMethodId } = attached.value;
    const subscriptionId = nextId('sub');
    await client.subscriptions?.create?.({
      ...{ subscriptionId, customer: { ...input.customer, providerCustomerId }, line: input.line },
      ...{ providerPaymentMethodId, trialEnd: null, metadata: { subscription_id: subscriptionId }, ...key() },
    });
    await client.subscriptions?.find?.({ subscriptionId, providerCustomerId });
  },
};

const ownMethods: SoldStep = {
  name: 'lists and drops what a customer has paid with',
  needs: ['paymentMethods.list'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { paymentMethods: group, subscriptions: subscribed } = sale.account.client;
    const { providerCustomerId } = sale;
    const page = await group?.list({ providerCustomerId, cursor: null, limit: 10 });
    const providerPaymentMethodId = page?.items[0]?.providerPaymentMethodId ?? '';
    await group?.get({ providerCustomerId, providerPaymentMethodId });
    await group?.setDefault?.({ providerCustomerId, providerPaymentMethodId, ...key() });
    await subscribed?.setPaymentMethod?.({ ...sale.ref, providerPaymentMethodId, ...key() });
    // A live subscription may need it: the refusal is an exchange too.
    await group?.detach({ providerCustomerId, providerPaymentMethodId, ...key() }).catch(() => undefined);
  },
};

const vouchers: SoldStep = {
  name: 'reads a checkout that waits for a voucher',
  needs: ['checkouts.get'],
  async run(world, provider) {
    const { paymentMethods: offered } = abilitiesOf(provider);
    if (!offered.some(({ method, modes }) => method === 'oxxo' && modes.includes('payment'))) return;
    const account = world.account(provider);
    const input = await aCheckout(provider, account, { paymentMethods: ['card', 'oxxo'], currency: 'MXN' });
    const session = await account.client.checkouts.create(input);
    if (session.outcome !== 'opened') throw new Error('not opened');
    const { providerCheckoutId } = session;
    await world.complete(provider, providerCheckoutId, 'voucher_issued');
    await account.client.checkouts.get(providerCheckoutId);
    await world.complete(provider, providerCheckoutId, 'voucher_paid');
    await account.client.checkouts.get(providerCheckoutId);
  },
};

const customerData: SoldStep = {
  name: 'exports and erases a customer who has bought',
  needs: ['customerData.export', 'changes.list'],
  async run(world, provider) {
    const sale = await subscribe(world, provider);
    const { client } = sale.account;
    const range = { since: new Date(Date.now() - 3_600_000).toISOString(), until: inDays(1) };
    await everything((query) => client.changes?.list({ ...range, ...query }) ?? Promise.reject(new Error()), 50);
    const { organizationId } = sale.input.customer;
    const ref = { providerCustomerId: sale.providerCustomerId, organizationId };
    await client.customerData.export(ref);
    await client.customerData.erase({ ...ref, ...key() });
  },
};

const webhookEndpoints: SoldStep = {
  name: 'makes and removes a webhook address',
  needs: ['webhookEndpoints.create'],
  async run(world, provider) {
    const { webhookEndpoints: group } = world.account(provider).client;
    const made = await group?.create({ url: 'https://app.example/hooks', ...key() });
    await group?.list();
    await group?.remove(made?.endpoint.providerEndpointId ?? '');
  },
};

/** Last the ones that move the simulator's clock. */
export const soldSteps: readonly SoldStep[] = [
  ...[subscriptions, planChanges, trialMoves, refunds, charges, disputes, invoices, portal, grants, licenseKeys],
  ...[paymentMethods, ownSubscriptions, ownMethods, vouchers, customerData, webhookEndpoints, pastDue],
];
