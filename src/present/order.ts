import type { OrderAnswer } from '../api/schemas/order.ts';
import type { Order } from '../db/entities/payment.ts';
import { moneyOrNull, toMoney } from './values.ts';

/** @param planKeys Plan id → key. */
export function presentOrder(row: Order, planKeys: ReadonlyMap<string, string>): OrderAnswer {
  return {
    id: row.id,
    organization_id: row.organizationId,
    user_id: row.userId,
    checkout_id: row.checkoutId,
    product: planKeys.get(row.planId) ?? row.planId,
    product_id: row.planId,
    quantity: row.quantity,
    status: row.status,
    amount: toMoney(row.amountMinor, row.currency),
    tax: moneyOrNull(row.taxMinor, row.currency),
    amount_refunded: toMoney(row.refundedMinor, row.currency),
    payment_id: row.paymentId,
    invoice_id: row.invoiceId,
    provider: row.provider,
    metadata: row.metadata,
    paid_at: row.paidAt.toISOString(),
  };
}
