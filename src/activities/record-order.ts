import type { Checkout } from '../db/entities/checkout.ts';
import { OrderEntity, type Invoice, type Order, type Payment } from '../db/entities/payment.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { orderStatusOf } from '../domain/payment/order.ts';
import { isDisputed } from './follow-money-back.ts';
import { noteOrder } from './note-order.ts';

/**
 * A paid one-time checkout is an order, once: its checkout id is unique. Of a subscription's checkout nothing is made.
 *
 * @param paid.payment null: nothing was due.
 */
export async function recordOrder(
  tx: Db,
  checkout: Checkout,
  paid: { readonly payment: Payment | null; readonly invoice: Invoice | null },
): Promise<Order | null> {
  const { id: checkoutId, planId, priceId } = checkout;
  if (checkout.mode !== 'payment' || planId === null || priceId === null) return null;
  const known = await tx.findOne(OrderEntity, { checkoutId });
  if (known) return known;
  const { payment, invoice } = paid;
  const { projectId, live, organizationId, userId, provider, quantity, metadata } = checkout;
  const amountMinor = payment?.amountMinor ?? invoice?.totalMinor ?? 0;
  const refundedMinor = payment?.refundedMinor ?? 0;
  await tx.flush(); // disputes are counted in the database
  const row = tx.create(
    OrderEntity,
    {
      ...{ id: newId('ord'), projectId, live, organizationId, userId, checkoutId, planId, priceId, provider, quantity },
      ...{ metadata, amountMinor, refundedMinor, taxMinor: payment?.taxMinor ?? invoice?.taxMinor ?? null },
      paymentId: payment?.id ?? null,
      invoiceId: payment?.invoiceId ?? invoice?.id ?? null,
      status: orderStatusOf({
        ...{ amountMinor, refundedMinor },
        isDisputed: payment !== null && (await isDisputed(tx, payment)),
      }),
      currency: payment?.currency ?? invoice?.currency ?? checkout.currency ?? 'USD',
      paidAt: payment?.paidAt ?? new Date(),
    },
    { persist: true },
  );
  await noteOrder(tx, row, null);
  return row;
}
