import type { BillingInterval } from '../../domain/catalogue.ts';
import type { Money } from '../../domain/money.ts';
import { CheckoutEntity, type Checkout } from '../entities/checkout.ts';
import type { Db } from '../orm.ts';
import { columnsOf, executePrepared } from '../prepared.ts';

/** What opening a checkout at one provider needs beside the checkout's own row. */
export interface OrderFacts {
  readonly plan: {
    readonly name: string;
    readonly description: string | null;
    readonly digital: boolean;
    readonly unitAmount: Money;
    readonly billingInterval: BillingInterval | null;
  } | null;
  readonly providerPrice: { readonly providerProductId: string; readonly providerPriceId: string | null } | null;
  readonly providerCustomerId: string | null;
}

/** Beside the checkout's own columns. */
interface FactColumns {
  readonly plan_name: string | null;
  readonly plan_description: string | null;
  readonly plan_digital: boolean;
  readonly unit_amount_minor: string | number;
  readonly unit_currency: string;
  readonly unit_billing_interval: BillingInterval | null;
  readonly provider_product_id: string | null;
  readonly provider_price_id: string | null;
  readonly provider_customer_id: string | null;
}

const query = (columns: string) => `
  select ${columns}, plan.name as plan_name, plan.description as plan_description, plan.digital as plan_digital,
    price.amount_minor as unit_amount_minor, price.currency as unit_currency,
    price.billing_interval as unit_billing_interval, pushed.provider_product_id, pushed.provider_price_id,
    customer.provider_customer_id
  from checkouts checkout
  left join plans plan on plan.project_id = checkout.project_id and plan.id = checkout.plan_id
  left join prices price on price.project_id = checkout.project_id and price.id = coalesce(?, checkout.price_id)
  left join provider_prices pushed on pushed.project_id = checkout.project_id and pushed.live = checkout.live
    and pushed.price_id = coalesce(?, checkout.price_id) and pushed.provider = ?
  left join provider_customers customer on customer.project_id = checkout.project_id
    and customer.live = checkout.live and customer.organization_id = checkout.organization_id and customer.provider = ?
  where checkout.id = ? and checkout.project_id = ?`;

/**
 * The checkout and what its provider is told beside it, in one round trip, for the caller waits for it.
 *
 * @param input.provider null: nobody is asked, so nothing of a provider's is found.
 * @param input.priceId Quoted anew for this provider; null: the checkout's own.
 * @throws when the checkout is unknown.
 */
export async function findOrder(
  em: Db,
  input: {
    readonly checkoutId: string;
    readonly projectId: string;
    readonly provider: string | null;
    readonly priceId?: string | null;
  },
): Promise<{ readonly row: Checkout; readonly facts: OrderFacts }> {
  const { checkoutId, projectId, provider, priceId = null } = input;
  const [found] = await executePrepared<FactColumns>(em, {
    sql: query(columnsOf(em, CheckoutEntity, 'checkout')),
    params: [priceId, priceId, provider, provider, checkoutId, projectId],
  });
  if (!found) throw new Error(`there is no checkout ${checkoutId}`);
  const {
    plan_name,
    plan_description,
    plan_digital,
    unit_amount_minor,
    unit_currency,
    unit_billing_interval,
    ...rest
  } = found;
  const { provider_product_id, provider_price_id, provider_customer_id, ...checkout } = rest;
  const plan =
    plan_name === null
      ? null
      : {
          name: plan_name,
          description: plan_description,
          digital: plan_digital,
          unitAmount: { amountMinor: Number(unit_amount_minor), currency: unit_currency },
          billingInterval: unit_billing_interval,
        };
  const providerPrice =
    provider_product_id === null
      ? null
      : { providerProductId: provider_product_id, providerPriceId: provider_price_id };
  return {
    row: em.map(CheckoutEntity, checkout),
    facts: { plan, providerPrice, providerCustomerId: provider_customer_id },
  };
}
