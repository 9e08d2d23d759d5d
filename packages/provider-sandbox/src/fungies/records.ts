import { digits, hex, uuid } from '../core/ids.ts';
import type { FungiesContext } from './context.ts';
import { invalid } from './errors.ts';
import { feeOf, taxIn } from './money.ts';
import type { Interval, Item, Offer, Order, Payment, PaymentStatus, PaymentType, Refund, User } from './objects.ts';

export interface WrittenItem {
  offerId?: string | undefined;
  name?: string | undefined;
  /** Minor units, over 100, in the workspace's currency. */
  unitPrice?: number | undefined;
  currency?: string | undefined;
  quantity?: number | undefined;
}

export function offerItem(offer: Offer, quantity: number, customFields: Record<string, string> = {}): Item {
  return {
    id: uuid(),
    name: offer.name,
    quantity,
    value: offer.price * quantity,
    currency: offer.currency,
    offerId: offer.id,
    customFields,
    overrides: {},
  };
}

/** Items as subscriptions' and charges' bodies write them: by offer, or by name and price. */
export function toItem(fungies: FungiesContext, written: WrittenItem): Item {
  const quantity = written.quantity ?? 1;
  if (written.offerId !== undefined) {
    const offer = fungies.offers.get(written.offerId);
    if (!offer) throw invalid('items.offerId: offer not found');
    return offerItem(offer, quantity);
  }
  const { name, unitPrice, currency } = written;
  if (name === undefined || unitPrice === undefined || currency === undefined)
    throw invalid('items: give offerId, or name, unitPrice and currency');
  if (unitPrice <= 100) throw invalid('items.unitPrice: must be greater than 100');
  if (currency !== fungies.settings().currency)
    throw invalid(`items.currency: must be the workspace's currency ${fungies.settings().currency}`);
  return {
    id: uuid(),
    name,
    quantity,
    value: unitPrice * quantity,
    currency,
    offerId: null,
    customFields: {},
    overrides: {},
  };
}

export const totalOf = (items: readonly Item[]): number => items.reduce((sum, item) => sum + item.value, 0);

export function newUser(fungies: FungiesContext, input: Partial<User> & { email: string }): User {
  return fungies.users.put({
    id: uuid(),
    username: null,
    internalId: null,
    details: null,
    createdAt: fungies.now(),
    archivedAt: null,
    hasProviderCustomer: false,
    card: null,
    overrides: {},
    ...input,
  });
}

export function newOrder(
  fungies: FungiesContext,
  input: { number: string; user: User; items: readonly Item[]; value: number; country: string | null },
): Order {
  const { number, user, items, value } = input;
  return fungies.orders.put({
    id: uuid(),
    number,
    status: 'PENDING',
    value,
    tax: taxIn(value, fungies.settings().taxPercent),
    fee: feeOf(value),
    totalItems: items.reduce((sum, item) => sum + item.quantity, 0),
    country: input.country,
    currency: items[0]?.currency ?? fungies.settings().currency,
    createdAt: fungies.now(),
    userId: user.id,
    lastPaymentId: null,
    subscriptionId: null,
    overrides: {},
  });
}

export interface PaymentInput {
  type: PaymentType;
  number: string;
  userId: string;
  orderId: string | null;
  subscriptionId: string | null;
  items: Item[];
  /** What it pays of its subscription. */
  interval?: Interval;
  /** Minor units; the items' total unless a discount or a trial changes it. */
  value?: number;
  discount?: { id: string; value: number } | null;
}

export function newPayment(fungies: FungiesContext, input: PaymentInput): Payment {
  const value = input.value ?? totalOf(input.items);
  return fungies.payments.put({
    id: uuid(),
    type: input.type,
    number: input.number,
    status: 'PENDING',
    value,
    tax: taxIn(value, fungies.settings().taxPercent),
    fee: feeOf(value),
    currency: input.items[0]?.currency ?? fungies.settings().currency,
    createdAt: fungies.now(),
    userId: input.userId,
    orderId: input.orderId,
    subscriptionId: input.subscriptionId,
    interval: input.interval ?? null,
    discountId: input.discount?.id ?? null,
    discountValue: input.discount?.value ?? 0,
    invoiceNumber: null,
    invoiceToken: hex(32),
    items: input.items,
    refunds: [],
    overrides: {},
  });
}

const LEDGER_STATUS = {
  PENDING: 'pending',
  PAID: 'succeeded',
  FAILED: 'failed',
  UNPAID: 'failed',
  CANCELLED: 'canceled',
  EXPIRED: 'canceled',
  REFUNDED: 'succeeded',
  PARTIALLY_REFUNDED: 'succeeded',
} as const satisfies Record<PaymentStatus, string>;

/** Settles a payment one way or the other and enters it into the ledger. Free ones move no money. */
export function settlePayment(fungies: FungiesContext, payment: Payment, status: PaymentStatus): void {
  payment.status = status;
  if (status === 'PAID' && payment.invoiceNumber === null) payment.invoiceNumber = `FNG-${digits(8)}`;
  fungies.payments.put(payment);
  if (payment.value === 0) return;
  fungies.sandbox.ledger.record({
    provider: 'fungies',
    kind: 'charge',
    id: payment.id,
    amount_minor: payment.value,
    currency: payment.currency,
    status: LEDGER_STATUS[status],
    customer: payment.userId,
    subscription: payment.subscriptionId,
    period: payment.interval ? { start: isoOf(payment.interval.start), end: isoOf(payment.interval.end) } : null,
    metadata: payment.items[0]?.customFields ?? {},
  });
}

/** All or part of a payment goes back. */
export function refundPayment(fungies: FungiesContext, payment: Payment, amount: number): Refund {
  const made = { id: uuid(), amount, createdAt: fungies.now() };
  payment.refunds.push(made);
  const refunded = payment.refunds.reduce((sum, refund) => sum + refund.amount, 0);
  payment.status = refunded === payment.value ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  fungies.payments.put(payment);
  fungies.sandbox.ledger.record({
    provider: 'fungies',
    kind: 'refund',
    id: made.id,
    amount_minor: amount,
    currency: payment.currency,
    status: 'succeeded',
    customer: payment.userId,
    subscription: payment.subscriptionId,
    charge: payment.id,
    metadata: payment.items[0]?.customFields ?? {},
  });
  return made;
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
