import { base62 } from '../../core/ids.ts';
import type { StripeContext } from '../context.ts';
import type { Customer, Discount, Invoice, InvoiceLine, Price, Subscription, TaxAmount } from '../objects.ts';
import { placeOf } from '../tax/tax.ts';
import { taxBehaviorOf } from './price-amount.ts';
import { type Priced, priceLines } from './price-lines.ts';

export interface LineInput {
  price: Price | null;
  currency: string;
  quantity: number;
  amount: number;
  description: string;
  period: { start: number; end: number };
  subscription: string | null;
  subscriptionItem: string | null;
  invoiceItem: string | null;
  proration: boolean;
  discountable: boolean;
  metadata: Record<string, string>;
}

export interface ComposeInput {
  customer: Customer;
  currency: string;
  reason: string;
  lines: readonly LineInput[];
  period: { start: number; end: number };
  subscription: Subscription | null;
  discounts: readonly Discount[];
  automaticTax: boolean;
  prorationDate?: number | undefined;
  fields?: Record<string, unknown>;
}

function parentOf(line: LineInput): object {
  if (line.subscriptionItem === null) {
    const details = { invoice_item: line.invoiceItem, proration: line.proration, subscription: line.subscription };
    return {
      invoice_item_details: { ...details, proration_details: { credited_items: null } },
      subscription_item_details: null,
      type: 'invoice_item_details',
    };
  }
  return {
    invoice_item_details: null,
    subscription_item_details: {
      invoice_item: line.invoiceItem,
      proration: line.proration,
      proration_details: { credited_items: null },
      subscription: line.subscription,
      subscription_item: line.subscriptionItem,
    },
    type: 'subscription_item_details',
  };
}

function lineItem(invoice: string, line: LineInput, priced: Priced): InvoiceLine {
  const { price } = line;
  return {
    id: `il_1${base62(23)}`,
    object: 'line_item',
    amount: line.amount,
    currency: line.currency,
    description: line.description,
    discount_amounts: priced.discountAmounts,
    discountable: line.discountable,
    discounts: [],
    invoice,
    livemode: false,
    metadata: line.metadata,
    parent: parentOf(line),
    period: line.period,
    pretax_credit_amounts: priced.discountAmounts.map((entry) => ({ ...entry, type: 'discount' })),
    pricing: {
      price_details: price === null ? null : { price: price.id, product: price.product },
      type: 'price_details',
      unit_amount_decimal: price?.unit_amount_decimal ?? String(line.amount),
    },
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    subscription: line.subscription,
    subtotal: line.amount,
    taxes: priced.taxes,
  };
}

/** One total per rate and behaviour. */
function sumTaxes(taxes: readonly TaxAmount[]): TaxAmount[] {
  const totals = new Map<string, TaxAmount>();
  for (const tax of taxes) {
    const key = `${tax.tax_rate_details?.tax_rate ?? ''}/${tax.tax_behavior}/${tax.taxability_reason}`;
    const before = totals.get(key);
    const amount = (before?.amount ?? 0) + tax.amount;
    totals.set(key, { ...tax, amount, taxable_amount: (before?.taxable_amount ?? 0) + tax.taxable_amount });
  }
  return [...totals.values()];
}

interface Totals {
  subtotal: number;
  discounts: { amount: number; discount: string }[];
  taxes: TaxAmount[];
  total: number;
  excludingTax: number;
}

function totalsOf(lines: readonly LineInput[], priced: readonly Priced[]): Totals {
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0);
  const discounts = new Map<string, number>();
  for (const { amount, discount } of priced.flatMap((line) => line.discountAmounts)) {
    discounts.set(discount, (discounts.get(discount) ?? 0) + amount);
  }
  const taxes = sumTaxes(priced.flatMap((line) => line.taxes));
  const discounted = subtotal - priced.reduce((sum, line) => sum + line.discount, 0);
  const total = discounted + priced.reduce((sum, line) => sum + line.addedTax, 0);
  return {
    subtotal,
    discounts: [...discounts].map(([discount, amount]) => ({ amount, discount })),
    taxes,
    total,
    excludingTax: total - taxes.reduce((sum, tax) => sum + tax.amount, 0),
  };
}

/** The customer's balance: credit (negative) pays first, debt is added; a negative total becomes credit. */
function dueOf(total: number, balance: number): { due: number; ending: number } {
  const owed = total + balance;
  return owed > 0 ? { due: owed, ending: 0 } : { due: 0, ending: owed };
}

function parentOfInvoice(input: ComposeInput): Invoice['parent'] {
  if (!input.subscription) return null;
  return {
    quote_details: null,
    subscription_details: {
      metadata: { ...input.subscription.metadata },
      subscription: input.subscription.id,
      ...(input.prorationDate === undefined ? {} : { subscription_proration_date: input.prorationDate }),
    },
    type: 'subscription_details',
  };
}

function taxState(input: ComposeInput, hasPlace: boolean): Invoice['automatic_tax'] {
  const status = !input.automaticTax ? null : hasPlace ? 'complete' : 'requires_location_inputs';
  const liability = input.automaticTax ? { type: 'self' } : null;
  return {
    disabled_reason: null,
    enabled: input.automaticTax,
    liability,
    provider: input.automaticTax ? 'stripe' : null,
    status,
  };
}

const EMPTY_FIELDS = {
  account_country: 'US',
  account_name: 'Sandbox Merchant',
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_shipping: 0,
  application: null,
  automatically_finalizes_at: null,
  custom_fields: null,
  customer_account: null,
  customer_shipping: null,
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  due_date: null,
  effective_at: null,
  footer: null,
  from_invoice: null,
  hosted_invoice_url: null,
  invoice_pdf: null,
  issuer: { type: 'self' },
  last_finalization_error: null,
  latest_revision: null,
  livemode: false,
  next_payment_attempt: null,
  number: null,
  on_behalf_of: null,
  payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  statement_descriptor: null,
  test_clock: null,
  webhooks_delivered_at: null,
};

/** A draft with every amount worked out. Nothing is stored: previews and real invoices come from here alike. */
export function composeInvoice(stripe: StripeContext, input: ComposeInput, id = `in_1${base62(23)}`): Invoice {
  const { customer } = input;
  const place = input.automaticTax ? placeOf(customer) : null;
  const discounts = input.discounts.flatMap((discount) => {
    const coupon = stripe.coupons.get(discount.source.coupon);
    return coupon ? [{ id: discount.id, coupon }] : [];
  });
  const billables = input.lines.map((line) => ({
    amount: line.amount,
    discountable: line.discountable,
    taxBehavior: taxBehaviorOf(line.price),
    product: line.price?.product ?? null,
  }));
  const priced = priceLines(billables, discounts, input.currency, place);
  const totals = totalsOf(input.lines, priced);
  const { due, ending } = dueOf(totals.total, customer.balance);
  const plain = { discountAmounts: [], discount: 0, taxes: [], addedTax: 0 };
  return {
    ...EMPTY_FIELDS,
    id,
    object: 'invoice',
    amount_due: due,
    amount_paid: 0,
    amount_remaining: due,
    attempt_count: 0,
    attempted: false,
    auto_advance: true,
    automatic_tax: taxState(input, place !== null),
    billing_reason: input.reason,
    collection_method: 'charge_automatically',
    created: stripe.now(),
    currency: input.currency,
    customer: customer.id,
    customer_address: customer['address'] ?? null,
    customer_email: customer.email,
    customer_name: customer.name,
    customer_phone: customer['phone'] ?? null,
    customer_tax_exempt: customer['tax_exempt'] ?? 'none',
    discounts: input.discounts.map((discount) => discount.id),
    ending_balance: ending,
    lines: {
      object: 'list',
      data: input.lines.map((line, at) => lineItem(id, line, priced[at] ?? plain)),
      has_more: false,
      total_count: input.lines.length,
      url: `/v1/invoices/${id}/lines`,
    },
    metadata: {},
    default_payment_method: null,
    parent: parentOfInvoice(input),
    period_end: input.period.end,
    period_start: input.period.start,
    starting_balance: customer.balance,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: totals.subtotal,
    subtotal_excluding_tax:
      totals.subtotal - totals.taxes.reduce((sum, tax) => sum + (tax.tax_behavior === 'inclusive' ? tax.amount : 0), 0),
    total: totals.total,
    total_discount_amounts: totals.discounts,
    total_excluding_tax: totals.excludingTax,
    total_pretax_credit_amounts: totals.discounts.map((entry) => ({ ...entry, type: 'discount' })),
    total_taxes: totals.taxes,
    ...input.fields,
  };
}
