import type { ConektaContext } from './context.ts';
import type { Order, PaymentLink } from './objects.ts';
import { newCheckout, newLineItem, newOrderId } from './order-object.ts';
import { CHECKOUT_EXPIRY, saveOrder } from './settlement.ts';

function customerOf(conekta: ConektaContext, customerId: string | null): Order['customer_info'] {
  const customer = customerId === null ? undefined : conekta.customers.get(customerId);
  return {
    name: customer?.name ?? '',
    email: customer?.email ?? '',
    phone: customer?.phone ?? '',
    customer_id: customer?.id ?? null,
    corporate: false,
    object: 'customer_info',
  };
}

function isSelling(conekta: ConektaContext, { checkout }: PaymentLink): boolean {
  const limit = Number(checkout['payments_limit_count'] ?? (checkout['recurrent'] === true ? Infinity : 1));
  return checkout.status === 'Issued' && checkout.expires_at > conekta.now() && checkout.paid_payments_count < limit;
}

/** An order of a link's template, with a hosted checkout of its own; null when the link sells no more. */
export function saveLinkOrder(conekta: ConektaContext, link: PaymentLink): Order | null {
  if (!isSelling(conekta, link)) return null;
  const { checkout, template } = link;
  const id = newOrderId();
  const now = conekta.now();
  const lines = template.lines.map(({ unitPrice, ...line }) => newLineItem(id, { ...line, unit_price: unitPrice }));
  const order: Order = {
    livemode: false,
    amount: lines.reduce((sum, line) => sum + line.unit_price * line.quantity, 0),
    currency: template.currency,
    payment_status: null,
    amount_refunded: 0,
    split_payment: null,
    customer_info: customerOf(conekta, template.customerId),
    shipping_contact: null,
    channel: null,
    fiscal_entity: null,
    object: 'order',
    id,
    metadata: { ...template.metadata },
    is_refundable: false,
    processing_mode: null,
    created_at: now,
    updated_at: now,
    line_items: lines,
    discounts: [],
    taxes: [],
    shipping: [],
    charges: [],
    checkout: newCheckout(conekta, id, {
      type: 'HostedPayment',
      name: String(checkout['name']),
      allowed: checkout.allowed_payment_methods,
      expiresAt: checkout.expires_at,
      successUrl: checkout.success_url,
      planIds: checkout.plan_ids,
    }),
    authorization: null,
    subscription_id: null,
    payment_link_id: link.id,
  };
  saveOrder(conekta, order, 'created');
  conekta.sandbox.agenda.plan(CHECKOUT_EXPIRY, id, checkout.expires_at * 1000);
  return order;
}
