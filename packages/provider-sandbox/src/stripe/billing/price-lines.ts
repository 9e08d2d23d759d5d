import type { Coupon, TaxAmount } from '../objects.ts';
import { type TaxPlace, taxOn } from '../tax/tax.ts';

/** One amount to bill before discounts and tax. */
interface Billable {
  amount: number;
  discountable: boolean;
  taxBehavior: 'exclusive' | 'inclusive';
  product: string | null;
}

export interface Priced {
  discountAmounts: { amount: number; discount: string }[];
  discount: number;
  taxes: TaxAmount[];
  /** Exclusive tax only: inclusive tax is part of the amount already. */
  addedTax: number;
}

/** What a coupon takes off an amount in that currency. */
function discountOf(coupon: Coupon, amount: number, currency: string): number {
  if (coupon.percent_off !== null) return Math.round((amount * coupon.percent_off) / 100);
  if (coupon.currency === currency) return Math.min(coupon.amount_off ?? 0, amount);
  const options: unknown = coupon['currency_options'];
  const own: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, currency) : null;
  const off: unknown = typeof own === 'object' && own !== null ? Reflect.get(own, 'amount_off') : null;
  return typeof off === 'number' || typeof off === 'string' ? Math.min(Number(off), amount) : 0;
}

function appliesTo(coupon: Coupon, product: string | null): boolean {
  const scope: unknown = coupon['applies_to'];
  const products: unknown = typeof scope === 'object' && scope !== null ? Reflect.get(scope, 'products') : null;
  return !Array.isArray(products) || products.includes(product);
}

/** Shares a discount over the lines by what is left of each; parts sum to the whole. */
function share(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((left, right) => left + right, 0);
  let seen = 0;
  let given = 0;
  return weights.map((weight) => {
    seen += weight;
    const upTo = sum === 0 ? 0 : Math.round((total * seen) / sum);
    const part = upTo - given;
    given = upTo;
    return part;
  });
}

/** Discounts in their order, then tax: the one place where a session, an invoice and a preview get their amounts. */
export function priceLines(
  lines: readonly Billable[],
  discounts: readonly { id: string; coupon: Coupon }[],
  currency: string,
  place: TaxPlace | null,
): Priced[] {
  const left = lines.map((line) => line.amount);
  const taken: { amount: number; discount: string }[][] = lines.map(() => []);
  for (const { id, coupon } of discounts) {
    const weights = lines.map((line, at) =>
      line.discountable && appliesTo(coupon, line.product) ? Math.max(0, left[at] ?? 0) : 0,
    );
    const total = discountOf(
      coupon,
      weights.reduce((sum, weight) => sum + weight, 0),
      currency,
    );
    share(total, weights).forEach((amount, at) => {
      if (weights[at] === 0) return;
      left[at] = (left[at] ?? 0) - amount;
      taken[at]?.push({ amount, discount: id });
    });
  }
  return lines.map((line, at) => {
    const taxes = place ? [taxOn(place, left[at] ?? 0, line.taxBehavior)] : [];
    return {
      discountAmounts: taken[at] ?? [],
      discount: line.amount - (left[at] ?? 0),
      taxes,
      addedTax: taxes.reduce((sum, tax) => sum + (tax.tax_behavior === 'exclusive' ? tax.amount : 0), 0),
    };
  });
}
