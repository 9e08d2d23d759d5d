import { newId } from '../../../../src/db/new-id.ts';
import { nameOf, type Told } from './cycle.ts';
import type { Shop, Sold } from './shop.ts';

/** A repeatable source of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const all = [...items];
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    const [a, b] = [all[index], all[other]];
    if (a === undefined || b === undefined) continue;
    [all[index], all[other]] = [b, a];
  }
  return all;
}

/** One way to make the ledgers differ; what a run must tell then. null: not at this sale. */
export interface Planting {
  readonly name: string;
  fits(sale: Sold): boolean;
  /** Plantings of one group never meet at one sale: one would hide the other. */
  readonly group: 'payment' | 'orphan' | 'status' | 'period' | 'customer' | 'invoice' | 'unknown';
  plant(shop: Shop, sale: Sold, random: () => number): Promise<Told>;
}

async function paymentOf(shop: Shop, sale: Sold) {
  const [row] = await shop.query<{ id: string; provider_payment_id: string }>(
    // The first: another may have been planted beside it.
    'select id, provider_payment_id from payments where checkout_id = ? order by id limit 1',
    [sale.checkoutId],
  );
  if (!row) throw new Error(`${sale.checkoutId} has no payment`);
  return { id: row.id, told: { objectKind: 'payment', objectId: row.provider_payment_id } };
}

async function subscriptionOf(shop: Shop, sale: Sold) {
  const [row] = await shop.query<{ id: string; provider_subscription_id: string }>(
    'select id, provider_subscription_id from subscriptions where checkout_id = ?',
    [sale.checkoutId],
  );
  if (!row) throw new Error(`${sale.checkoutId} has no subscription`);
  return { id: row.id, told: { objectKind: 'subscription', objectId: row.provider_subscription_id } };
}

const isOnce = ({ mode, isRefunded }: Sold) => mode === 'payment' && !isRefunded;
const isSubscription = ({ mode }: Sold) => mode === 'subscription';

const lostPayment: Planting = {
  ...{ name: 'a lost payment here', group: 'payment', fits: ({ isRefunded }) => !isRefunded },
  async plant(shop, sale) {
    const { id, told } = await paymentOf(shop, sale);
    await shop.run('update orders set payment_id = null where payment_id = ?', [id]);
    await shop.run('delete from payments where id = ?', [id]);
    return { ...told, kind: 'missing_here' };
  },
};

const lostRefund: Planting = {
  ...{ name: 'a lost refund here', group: 'payment', fits: ({ isRefunded }) => isRefunded },
  async plant(shop, sale) {
    const { id } = await paymentOf(shop, sale);
    const [row] = await shop.query<{ provider_refund_id: string }>(
      'delete from refunds where payment_id = ? returning provider_refund_id',
      [id],
    );
    return { kind: 'missing_here', objectKind: 'refund', objectId: row?.provider_refund_id ?? '' };
  },
};

/** Ids of the provider's form, so that it says "no such payment", not "no such form". */
const unknownPayment: Planting = {
  ...{ name: 'a payment that the provider does not know', group: 'unknown', fits: () => true },
  async plant(shop, sale, random) {
    const [like] = await shop.query<{ provider_payment_id: string }>(
      'select provider_payment_id from payments where provider = ? order by id limit 1',
      [sale.provider],
    );
    const objectId = drawnLike(like?.provider_payment_id ?? '', random);
    await shop.run(
      `insert into payments (id, checkout_id, subscription_id, provider, provider_payment_id, status, amount_minor,
         currency, project_id, live, organization_id)
       select ?, id, subscription_id, provider, ?, 'succeeded', amount_minor, currency, project_id, live, organization_id
       from checkouts where id = ?`,
      [newId('pay'), objectId, sale.checkoutId],
    );
    return { kind: 'missing_there', objectKind: 'payment', objectId };
  },
};

const amountOff: Planting = {
  ...{ name: 'an amount off by one', group: 'payment', fits: ({ isRefunded }) => !isRefunded },
  async plant(shop, sale, random) {
    const { id, told } = await paymentOf(shop, sale);
    await shop.run('update payments set amount_minor = amount_minor + ? where id = ?', [random() < 0.5 ? 1 : -1, id]);
    return { ...told, kind: 'amount' };
  },
};

const invoiceState: Planting = {
  ...{ name: 'an invoice in another state', group: 'invoice', fits: isSubscription },
  async plant(shop, sale, random) {
    const status = random() < 0.5 ? 'open' : 'void';
    const [row] = await shop.query<{ provider_invoice_id: string }>(
      'update invoices set status = ? where checkout_id = ? returning provider_invoice_id',
      [status, sale.checkoutId],
    );
    return { kind: 'state', objectKind: 'invoice', objectId: row?.provider_invoice_id ?? '' };
  },
};

const subscriptionState: Planting = {
  ...{ name: 'a subscription in another state', group: 'status', fits: isSubscription },
  async plant(shop, sale, random) {
    const { id, told } = await subscriptionOf(shop, sale);
    await shop.run('update subscriptions set status = ? where id = ?', [random() < 0.5 ? 'past_due' : 'paused', id]);
    return { ...told, kind: 'state' };
  },
};

const movedPeriod: Planting = {
  ...{ name: 'a period that moved', group: 'period', fits: isSubscription },
  async plant(shop, sale) {
    const { id, told } = await subscriptionOf(shop, sale);
    await shop.run(`update subscriptions set current_period_end = current_period_end + interval '1 day' where id = ?`, [
      id,
    ]);
    return { ...told, kind: 'period' };
  },
};

const swappedCustomer: Planting = {
  ...{ name: 'a customer swapped', group: 'customer', fits: isSubscription },
  async plant(shop, sale) {
    const { id, told } = await subscriptionOf(shop, sale);
    await shop.run(
      `update subscriptions set provider_customer_id = (select provider_customer_id from provider_customers
         where provider = ? and organization_id <> ? order by organization_id limit 1) where id = ?`,
      [sale.provider, sale.organizationId, id],
    );
    return { ...told, kind: 'customer' };
  },
};

const duplicateCharge: Planting = {
  // Found twice, what was lost and what was charged again would tell of each other.
  ...{ name: 'a checkout paid twice', group: 'payment', fits: isOnce },
  async plant(shop, sale) {
    const { truth } = await shop.pay(sale.provider, { ...shop.inputFor(sale), idempotencyKey: newId('key') });
    return { kind: 'duplicate_charge', objectKind: 'payment', objectId: truth?.payment?.providerPaymentId ?? '' };
  },
};

/** To a customer of ours, for nothing of ours. */
const orphanCharge: Planting = {
  ...{ name: 'a charge that belongs to nothing', group: 'orphan', fits: isSubscription },
  async plant(shop, sale) {
    const [known] = await shop.query<{ provider_customer_id: string }>(
      'select provider_customer_id from provider_customers where provider = ? and organization_id = ?',
      [sale.provider, sale.organizationId],
    );
    const input = shop.inputFor({ ...sale, mode: 'payment' });
    const customer = { ...input.customer, providerCustomerId: known?.provider_customer_id ?? null };
    const { truth } = await shop.pay(sale.provider, { ...input, customer, checkoutId: 'by-hand', metadata: {} });
    return { kind: 'orphan_charge', objectKind: 'payment', objectId: truth?.payment?.providerPaymentId ?? '' };
  },
};

/** Another id of the same form: hexadecimal letters stay such. Digits alone are too few to differ in some ids. */
function drawnLike(id: string, random: () => number): string {
  const among = (alphabet: string) => () => alphabet[Math.floor(random() * alphabet.length)] ?? '';
  return id
    .replaceAll(/[0-9](?=[^_]*$)/g, among('0123456789'))
    .replaceAll(/[a-f](?=[^_]*$)/g, among('abcdef'))
    .replaceAll(/[g-z](?=[^_]*$)/g, among('ghijklmnopqrstuvwxyz'));
}

export const plantings: readonly Planting[] = [
  ...[duplicateCharge, lostPayment, lostRefund, unknownPayment, amountOff],
  ...[invoiceState, subscriptionState, movedPeriod, swappedCustomer, orphanCharge],
];

/** Plants `each` differences of every kind, at sales drawn by the seed. @returns what a run must tell. */
export async function plantAll(
  shop: Shop,
  sales: readonly Sold[],
  each: number,
  random: () => number,
): Promise<readonly string[]> {
  const taken = new Set<string>();
  const told: string[] = [];
  for (const planting of plantings) {
    const fitting = shuffled(sales, random).filter(
      (sale) => planting.fits(sale) && !taken.has(`${planting.group}/${sale.checkoutId}`),
    );
    const chosen = fitting.slice(0, each);
    if (chosen.length < each) throw new Error(`only ${chosen.length} sales for ${planting.name}`);
    for (const sale of chosen) {
      taken.add(`${planting.group}/${sale.checkoutId}`);
      told.push(nameOf(await planting.plant(shop, sale, random)));
    }
  }
  return told.toSorted();
}
