import type { Plan } from '../db/entities/plan.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import { findProduct } from '../db/queries/plans.ts';
import { readChangeTarget, type ChangeTarget } from '../db/queries/subscription-operations.ts';
import type { Db } from '../db/orm.ts';
import type { ChangeWish } from '../domain/subscription/change-plan.ts';
import type { BillingInterval } from '../domain/catalogue.ts';
import { fieldRefusal } from './error-codes.ts';
import type { ChangeSubscriptionBody } from './schemas/subscription-operations.ts';

/** What a body asks for, with nothing left open. */
export interface WishedChange {
  readonly wish: ChangeWish;
  readonly target: ChangeTarget;
}

/**
 * Finds what a subscription shall be: what the body leaves out stays, and the currency always does.
 *
 * @throws {BillingError} `product_not_found`, `contact_sales`, `price_not_found`
 */
export async function findWishedChange(em: Db, row: Subscription, body: ChangeSubscriptionBody): Promise<WishedChange> {
  const target = await readChangeTarget(em, row, await wishedPriceId(em, row, body));
  const { price } = target;
  const mustBePushed = row.collection === 'provider' && price.amountMinor > 0 && price.id !== row.priceId;
  if (mustBePushed && target.providerPrice === null)
    throw notPriced(body, 'The provider of this subscription does not know this price: push the plan first.');
  const wish: ChangeWish = {
    planId: target.plan.id,
    priceId: price.id,
    unitAmountMinor: price.amountMinor,
    billingInterval: price.billingInterval ?? row.billingInterval,
    quantity: body.quantity ?? row.quantity,
    when: body.when,
    proration: body.proration,
  };
  if (!Number.isSafeInteger(wish.unitAmountMinor * wish.quantity))
    throw fieldRefusal('validation_failed', '/quantity', 'The amount is too large.');
  return { wish, target };
}

async function wishedPriceId(em: Db, row: Subscription, body: ChangeSubscriptionBody): Promise<string> {
  if (body.plan_id === null && body.billing_interval === null) return row.priceId;
  const product = await findProduct(em, {
    projectId: row.projectId,
    live: row.live,
    productId: body.plan_id ?? row.planId,
  });
  if (!product || !isOnSale(product.plan, row))
    throw fieldRefusal('product_not_found', '/plan_id', 'No plan on sale here has this id or key.');
  if (product.prices.length === 0)
    throw fieldRefusal('contact_sales', '/plan_id', 'This plan is sold by contact only.', {
      contact_url: product.plan.contactUrl,
    });
  const interval: BillingInterval = body.billing_interval ?? product.mapped?.billingInterval ?? row.billingInterval;
  // The price in force stays in force, though the list may have another by now.
  if (product.plan.id === row.planId && interval === row.billingInterval) return row.priceId;
  const price = product.prices.find((each) => each.billingInterval === interval && each.currency === row.currency);
  if (!price) throw notPriced(body, `The plan has no ${interval} price in ${row.currency}.`);
  return price.id;
}

/** What somebody has may go on in another interval or quantity when it is not sold any more. */
function isOnSale(plan: Plan, row: Subscription): boolean {
  return plan.kind === 'subscription' && (plan.isActive || plan.id === row.planId);
}

function notPriced(body: ChangeSubscriptionBody, message: string) {
  return fieldRefusal('price_not_found', body.billing_interval === null ? '/plan_id' : '/billing_interval', message);
}
