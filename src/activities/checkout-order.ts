import type { Checkout } from '../db/entities/checkout.ts';
import type { OrderFacts } from '../db/queries/order-facts.ts';
import type { CheckoutLine, CreateCheckoutInput } from '../providers/port.ts';

/** Everything a provider needs to open the page, from rows: personal data never passes through a history. */
export function checkoutOrder(
  row: Checkout,
  facts: OrderFacts,
): Omit<CreateCheckoutInput, 'idempotencyKey' | 'paymentMethods'> {
  return {
    checkoutId: row.id,
    mode: row.mode,
    line: lineOf(row, facts),
    customer: {
      organizationId: row.organizationId,
      providerCustomerId: facts.providerCustomerId,
      email: row.email, // with name and phone already what they fall back to
      name: row.name,
      phone: row.phone,
      address: addressOf(row),
    },
    successUrl: row.successUrl,
    cancelUrl: row.cancelUrl,
    voucherExpiresAt: row.voucherExpiresAt?.toISOString() ?? null,
    discountCode: row.discountCode,
    trialDays: row.trialDays,
    locale: row.locale,
    embedOrigin: row.embedOrigin,
    metadata: {
      ...row.metadata,
      checkout_id: row.id,
      organization_id: row.organizationId,
      project_id: row.projectId,
    },
  };
}

function lineOf(row: Checkout, facts: OrderFacts): CheckoutLine | null {
  const { plan } = facts;
  if (plan === null) return null;
  return { ...plan, quantity: row.quantity, providerPrice: facts.providerPrice };
}

function addressOf(row: Checkout): CreateCheckoutInput['customer']['address'] {
  const address = row.billingAddress;
  if (address === null) return null;
  const { postal_code: postalCode, ...rest } = address;
  return { ...rest, postalCode };
}
