import type { ProviderInvoice } from '../port-money.ts';
import { isoFromText } from '../wire-time.ts';
import type { PolarOrder } from './wire-money.ts';

/** What an order says of itself wherever it is shown. */
export function toldLines(order: PolarOrder): Pick<ProviderInvoice, 'lines' | 'billingReason'> {
  return {
    billingReason: billingReason(order.billing_reason ?? null),
    lines: order.items.map((item) => ({
      description: item.label,
      // An order's item is a sum; seats and units are told in its label.
      quantity: 1,
      amount: { amountMinor: item.amount, currency: order.currency.toUpperCase() },
      periodStart: isoFromText(item.start_timestamp),
      periodEnd: isoFromText(item.end_timestamp),
    })),
  };
}

export function billingReason(reason: string | null): ProviderInvoice['billingReason'] {
  switch (reason) {
    case 'subscription_create':
      return 'subscription_start';
    case 'subscription_cycle':
    case 'subscription_cycle_after_trial':
      return 'subscription_cycle';
    case 'subscription_update':
      return 'subscription_update';
    case 'subscription_meter_cycle':
      return 'usage';
    default:
      return null;
  }
}
