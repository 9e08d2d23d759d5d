import type { PaymentMethodAnswer } from '../api/schemas/payment-method.ts';
import type { PaymentMethod } from '../db/entities/payment-method.ts';

/** A stored way to pay, as the contract shows it. The provider's token is nobody's to see. */
export function presentPaymentMethod(row: PaymentMethod): PaymentMethodAnswer {
  const isActive = row.status === 'active';
  return {
    id: row.id,
    organization_id: row.organizationId,
    provider: row.provider,
    provider_payment_method_id: row.providerPaymentMethodId,
    status: row.status,
    type: row.type,
    brand: row.brand,
    last4: row.last4,
    exp_month: row.expMonth,
    exp_year: row.expYear,
    country: row.country,
    billing_address: row.billingAddress,
    is_default: isActive && row.isDefault,
    is_active: isActive,
    failure_code: row.failureCode,
    next_action: nextActionOf(row),
    created_at: row.createdAt.toISOString(),
  };
}

function nextActionOf({ nextStep, status }: PaymentMethod): PaymentMethodAnswer['next_action'] {
  if (nextStep === null || status !== 'requires_action') return null;
  return {
    kind: 'confirm_payment_method',
    by: 'customer',
    url: nextStep.kind === 'redirect' ? nextStep.url : null,
    client_secret: nextStep.kind === 'confirm' ? nextStep.clientSecret : null,
  };
}
