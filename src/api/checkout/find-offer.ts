import type { Plan, PriceRow } from '../../db/entities/plan.ts';
import { findProduct, type PushedPlan } from '../../db/queries/plans.ts';
import type { Db } from '../../db/orm.ts';
import { choosePrice, type BillingInterval, type CheckoutMode } from '../../domain/catalogue.ts';
import { times, type Money } from '../../domain/money.ts';
import type { Alternative } from '../../domain/routing/requote.ts';
import type { Caller } from '../caller.ts';
import { fieldRefusal } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';

/** What is asked for, before it has a price. */
export interface Product extends PushedPlan {
  /** The price that a provider's id named. */
  readonly mapped: PriceRow | null;
}

/** How it is asked for. */
type PriceWish = Pick<CreateCheckoutBody, 'billing_interval' | 'currency' | 'quantity'>;

/** What is sold, and for how much. */
export interface Offer {
  readonly plan: Plan;
  readonly priceId: string;
  readonly mode: CheckoutMode;
  readonly billingInterval: BillingInterval | null;
  readonly amount: Money;
  /** Where this price can be sold. */
  readonly pushedTo: readonly string[];
}

/**
 * @returns null in mode setup, which sells nothing.
 * @throws {BillingError} `product_not_found`, `contact_sales`
 */
export async function findCheckoutProduct(em: Db, caller: Caller, body: CreateCheckoutBody): Promise<Product | null> {
  if (body.product_id === null) return null;
  const product = await findProduct(em, {
    projectId: caller.projectId,
    live: caller.live,
    productId: body.product_id,
  });
  if (!product?.plan.isActive)
    throw fieldRefusal('product_not_found', '/product_id', 'No plan or product on sale here has this id or key.');
  if (product.prices.length === 0)
    throw fieldRefusal('contact_sales', '/product_id', 'This plan is sold by contact only.', {
      contact_url: product.plan.contactUrl,
    });
  return product;
}

/**
 * Quotes the product: unit price × quantity, before tax and discounts.
 *
 * @throws {BillingError} `price_not_found`
 */
export function quoteOffer(
  product: Product,
  body: PriceWish,
  input: { readonly countryCurrency: string | null; readonly defaultCurrency: string },
): Offer {
  const { plan } = product;
  const billingInterval = intervalOf(product, body);
  const price = choosePrice({
    prices: product.prices.map((row) => ({
      id: row.id,
      billingInterval: row.billingInterval,
      amount: { amountMinor: row.amountMinor, currency: row.currency },
    })),
    billingInterval,
    wished: body.currency,
    ...input,
  });
  if (price === null)
    throw fieldRefusal(
      'price_not_found',
      body.currency === null ? '/billing_interval' : '/currency',
      'The product has no price in this currency and billing interval.',
    );
  return {
    plan,
    priceId: price.id,
    mode: plan.kind === 'subscription' ? 'subscription' : 'payment',
    billingInterval,
    amount: quote(price.amount, body.quantity),
    pushedTo: product.pushed.filter((row) => row.priceId === price.id).map((row) => row.provider),
  };
}

/** The same offer for its prices in other currencies, the project's own first: for who cannot charge this one. */
export function otherQuotes(
  product: Product,
  offer: Offer,
  quantity: number,
  defaultCurrency: string,
): readonly Alternative[] {
  return product.prices
    .filter((row) => row.billingInterval === offer.billingInterval && row.currency !== offer.amount.currency)
    .toSorted((a, b) => Number(b.currency === defaultCurrency) - Number(a.currency === defaultCurrency))
    .map((row) => ({
      priceId: row.id,
      amount: quote({ amountMinor: row.amountMinor, currency: row.currency }, quantity),
      pushedTo: product.pushed.filter(({ priceId }) => priceId === row.id).map(({ provider }) => provider),
    }));
}

/** The one asked for; else the one that the provider's id stands for; else monthly, or the only one there is. */
function intervalOf({ plan, prices, mapped }: Product, body: PriceWish): BillingInterval | null {
  if (body.billing_interval !== null) return body.billing_interval;
  if (plan.kind === 'one_time') return null;
  if (mapped?.billingInterval) return mapped.billingInterval;
  const priced = new Set(prices.map((price) => price.billingInterval));
  return priced.has('monthly') || !priced.has('yearly') ? 'monthly' : 'yearly';
}

function quote(unit: Money, quantity: number): Money {
  try {
    return times(unit, quantity);
  } catch (cause) {
    if (cause instanceof RangeError) throw fieldRefusal('validation_failed', '/quantity', 'The amount is too large.');
    throw cause;
  }
}
