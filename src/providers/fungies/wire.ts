import { z } from 'zod';

/**
 * The fields we read of Fungies API v0 (OpenAPI 0.3.5 and public integrations, read November 2026). Answers: money in
 * minor units, times in Unix milliseconds. Optional fields may be null or absent, enums may grow.
 */
const text = z.string().nullish();
const ms = z.number().nullish();
/** Old payloads write whole numbers as text. */
const whole = z.coerce.number().pipe(z.int());
const money = { value: whole, tax: whole.nullish(), currency: z.string() };

/** An object in samples; checkout elements write the same as a list. */
const customFields = z
  .union([
    z.record(z.string(), z.unknown()),
    z
      .array(z.looseObject({ id: z.string(), value: z.unknown() }))
      .transform((fields) => Object.fromEntries(fields.map(({ id, value }) => [id, value]))),
  ])
  .nullish();

export const fungiesUser = z.object({
  id: z.string(),
  email: text,
  internalId: text,
  // Not in the document: read where an archived user tells that it is one.
  archived: z.boolean().nullish(),
  isArchived: z.boolean().nullish(),
  archivedAt: z.union([z.number(), z.string()]).nullish(),
  status: text,
});

export const fungiesItem = z.object({
  id: text,
  name: text,
  quantity: whole.nullish(),
  value: whole.nullish(),
  currency: text,
  product: z.object({ id: z.string() }).nullish(),
  offer: z.object({ id: z.string(), internalId: text }).nullish(),
  customFields,
});

export const fungiesPayment = z.object({
  id: z.string(),
  number: text,
  type: text,
  status: z.string(),
  ...money,
  createdAt: ms,
  userId: text,
  user: z.object({ id: text }).nullish(),
  orderId: text,
  subscriptionId: text,
  invoiceNumber: text,
  invoiceUrl: text,
  items: z.array(fungiesItem).nullish(),
});

export const fungiesOrder = z.object({
  id: z.string(),
  number: text,
  status: text,
  ...money,
  createdAt: ms,
  userId: text,
  subscriptionId: text,
  items: z.array(fungiesItem).nullish(),
});

/** `id` is the number of its first order, not a UUID. There is no price, period or product on it. */
export const fungiesSubscription = z.object({
  id: z.string(),
  status: z.string(),
  createdAt: ms,
  currentIntervalStart: ms,
  currentIntervalEnd: ms,
  cancelAtIntervalEnd: z.boolean().nullish(),
  canceledAt: ms,
  userId: text,
  orderId: text,
});

export const fungiesOffer = z.object({
  id: z.string(),
  internalId: text,
  name: text,
  /** Minor units when read, major units when written. */
  price: whole,
  currency: z.string(),
  recurringInterval: text,
  recurringIntervalCount: whole.nullish(),
  status: text,
  archivedAt: z.union([z.number(), z.string()]).nullish(),
  productId: text,
  product: z.object({ id: z.string(), name: text, description: text }).nullish(),
});

export const fungiesProduct = z.object({
  id: z.string(),
  internalId: text,
  name: text,
  description: text,
  status: text,
  plans: z.array(z.object({ id: z.string(), internalId: text, name: text })).nullish(),
});

export const fungiesDiscount = z.object({
  id: z.string(),
  name: text,
  amountType: text,
  /** Fixed: minor units, as text. */
  amount: z.coerce.number(),
  currency: text,
  discountCode: text,
  status: text,
  purchaseLimit: whole.nullish(),
});

export const userReply = z.object({ user: fungiesUser });
export const userPage = z.object({ users: z.array(fungiesUser) });
export const paymentReply = z.object({ payment: fungiesPayment });
export const paymentPage = z.object({ payments: z.array(fungiesPayment) });
/** Where the lines of an order stand is undocumented: in it, or beside it as with subscriptions. */
export const orderReply = z.object({ order: fungiesOrder, items: z.array(fungiesItem).nullish() });
/** What a user has bought, line by line; its shape is undocumented. */
export const inventoryReply = z.object({
  inventory: z.array(fungiesItem).nullish().catch(null),
  items: z.array(fungiesItem).nullish().catch(null),
});
export const subscriptionReply = z.object({
  subscription: fungiesSubscription,
  lastPayment: fungiesPayment.nullish(),
  items: z.array(fungiesItem).nullish(),
});
export const subscriptionPage = z.object({
  subscriptions: z.array(fungiesSubscription),
  cursor: text,
  hasMore: z.boolean().nullish(),
});
export const offerReply = z.object({ offer: fungiesOffer });
export const offerPage = z.object({ offers: z.array(fungiesOffer) });
export const productReply = z.object({ product: fungiesProduct });
export const productPage = z.object({ products: z.array(fungiesProduct) });
export const planReply = z.object({
  plan: z.object({ id: z.string() }).nullish(),
  product: fungiesProduct.nullish(),
});
export const discountReply = z.object({ discount: fungiesDiscount });
export const discountPage = z.object({ discounts: z.array(fungiesDiscount) });
export const doneReply = z.unknown();

export const envelope = z.looseObject({
  status: text,
  data: z.unknown().optional(),
});

export const fungiesEvent = z.object({
  id: z.string(),
  type: z.string(),
  idempotencyKey: text,
  testMode: z.boolean().nullish(),
  data: z.object({
    items: z.array(fungiesItem).nullish(),
    order: z.object({ id: z.string() }).nullish(),
    payment: z.object({ id: z.string(), status: text, type: text, subscriptionId: text, orderId: text }).nullish(),
    lastPayment: z.object({ id: z.string() }).nullish(),
    subscription: z.object({ id: z.string(), status: text, orderId: text }).nullish(),
    user: z.object({ id: z.string() }).nullish(),
    customer: z.object({ id: z.string() }).nullish(),
  }),
});

export type FungiesUser = z.output<typeof fungiesUser>;
export type FungiesItem = z.output<typeof fungiesItem>;
export type FungiesPayment = z.output<typeof fungiesPayment>;
export type FungiesSubscription = z.output<typeof fungiesSubscription>;
export type FungiesOffer = z.output<typeof fungiesOffer>;
export type FungiesProduct = z.output<typeof fungiesProduct>;
export type FungiesDiscount = z.output<typeof fungiesDiscount>;
