import type { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import type { Price } from './objects.ts';
import { mergeMetadata } from './params.ts';
import type { priceData } from './price-params.ts';

interface PriceInput extends Omit<z.output<typeof priceData>, 'currency_options' | 'custom_unit_amount'> {
  product: string;
  active?: boolean | undefined;
  lookup_key?: string | undefined;
  nickname?: string | undefined;
}

function tierOf(tier: NonNullable<PriceInput['tiers']>[number]): object {
  const unit = tier.unit_amount_decimal ?? tier.unit_amount;
  const flat = tier.flat_amount_decimal ?? tier.flat_amount;
  return {
    flat_amount: tier.flat_amount ?? null,
    flat_amount_decimal: flat === undefined ? null : String(flat),
    unit_amount: tier.unit_amount ?? null,
    unit_amount_decimal: unit === undefined ? null : String(unit),
    up_to: tier.up_to === 'inf' ? null : tier.up_to,
  };
}

export function newPrice(stripe: StripeContext, input: PriceInput): Price {
  const amount =
    input.unit_amount ?? (input.unit_amount_decimal === undefined ? null : Math.round(input.unit_amount_decimal));
  const decimalText = input.unit_amount_decimal ?? amount;
  const price: Price = {
    id: `price_1${base62(23)}`,
    object: 'price',
    active: input.active ?? true,
    billing_scheme: input.billing_scheme ?? 'per_unit',
    created: stripe.now(),
    currency: input.currency.toLowerCase(),
    custom_unit_amount: null,
    livemode: false,
    lookup_key: input.lookup_key ?? null,
    metadata: mergeMetadata({}, input.metadata),
    nickname: input.nickname ?? null,
    product: input.product,
    recurring: input.recurring
      ? {
          interval: input.recurring.interval,
          interval_count: input.recurring.interval_count ?? 1,
          meter: input.recurring.meter ?? null,
          trial_period_days: input.recurring.trial_period_days ?? null,
          usage_type: input.recurring.usage_type ?? 'licensed',
        }
      : null,
    tax_behavior: input.tax_behavior ?? 'unspecified',
    tiers_mode: input.tiers_mode ?? null,
    ...(input.tiers ? { tiers: input.tiers.map(tierOf) } : {}),
    transform_quantity: input.transform_quantity ?? null,
    type: input.recurring ? 'recurring' : 'one_time',
    unit_amount: amount,
    unit_amount_decimal: decimalText === null ? null : String(decimalText),
  };
  return stripe.prices.put(price);
}
