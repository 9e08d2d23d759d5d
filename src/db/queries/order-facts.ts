import type { BillingInterval } from '../../domain/catalogue.ts';
import type { Money } from '../../domain/money.ts';
import type { Db } from '../orm.ts';

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

interface Row {
  readonly name: string | null;
  readonly description: string | null;
  readonly digital: boolean;
  readonly amount_minor: string | number;
  readonly currency: string;
  readonly billing_interval: BillingInterval | null;
  readonly provider_product_id: string | null;
  readonly provider_price_id: string | null;
  readonly provider_customer_id: string | null;
}

const query = `
  select plan.name, plan.description, plan.digital, price.amount_minor, price.currency, price.billing_interval,
    pushed.provider_product_id, pushed.provider_price_id, customer.provider_customer_id
  from checkouts checkout
  left join plans plan on plan.project_id = checkout.project_id and plan.id = checkout.plan_id
  left join prices price on price.project_id = checkout.project_id and price.id = checkout.price_id
  left join provider_prices pushed on pushed.project_id = checkout.project_id and pushed.live = checkout.live
    and pushed.price_id = checkout.price_id and pushed.provider = ?
  left join provider_customers customer on customer.project_id = checkout.project_id
    and customer.live = checkout.live and customer.organization_id = checkout.organization_id and customer.provider = ?
  where checkout.id = ?`;

/** One round trip, for the caller of a checkout waits for it. @throws when the checkout is unknown. */
export async function findOrderFacts(em: Db, checkoutId: string, provider: string): Promise<OrderFacts> {
  const [row] = await em.execute<Row[]>(query, [provider, provider, checkoutId]);
  if (!row) throw new Error(`there is no checkout ${checkoutId}`);
  return {
    plan:
      row.name === null
        ? null
        : {
            name: row.name,
            description: row.description,
            digital: row.digital,
            unitAmount: { amountMinor: Number(row.amount_minor), currency: row.currency },
            billingInterval: row.billing_interval,
          },
    providerPrice:
      row.provider_product_id === null
        ? null
        : { providerProductId: row.provider_product_id, providerPriceId: row.provider_price_id },
    providerCustomerId: row.provider_customer_id,
  };
}
