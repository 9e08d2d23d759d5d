import { z } from 'zod';
import { billingAddress } from './checkout.ts';
import { organizationId, pageOf, paging, time } from './common.ts';

const provider = z.string().min(1).max(64);

/** `POST /billing/payment-methods`. Absent is the same as null. */
export const attachPaymentMethodBody = z
  .strictObject({
    organization_id: organizationId,
    token: z
      .string()
      .regex(/^[\x21-\x7e]{1,500}$/, "must be what the provider's own browser script gave")
      .meta({ description: "What the provider's own browser script made of a card; it works once." }),
    provider: provider.nullable().default(null).meta({ description: 'Whose script it was; null: see the guide.' }),
    billing_address: billingAddress.nullable().default(null),
    set_as_default: z.boolean().default(false).meta({ description: 'Renewals are charged to it from then on.' }),
    return_url: z
      .string()
      .min(1)
      .max(2_000)
      .nullable()
      .default(null)
      .meta({ description: "Where the customer comes back to, should their bank's page ask them to confirm." }),
  })
  .meta({ id: 'AttachPaymentMethod' });
export type AttachPaymentMethodBody = z.output<typeof attachPaymentMethodBody>;

export const syncPaymentMethodsBody = z
  .strictObject({ organization_id: organizationId })
  .meta({ id: 'SyncPaymentMethods' });

export const listPaymentMethodsQuery = z.strictObject({
  organization_id: organizationId.optional(),
  provider: provider.optional(),
  ...paging,
});

export const paymentMethod = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    provider: z.string(),
    provider_payment_method_id: z.string().nullable(),
    status: z.enum(['attaching', 'requires_action', 'active', 'failed', 'detached']),
    type: z.string().nullable(),
    brand: z.string().nullable(),
    last4: z.string().nullable(),
    exp_month: z.int().nullable(),
    exp_year: z.int().nullable().meta({ description: 'Four digits.' }),
    country: z.string().nullable().meta({ description: 'Of the issuer.' }),
    billing_address: billingAddress.nullable(),
    is_default: z.boolean().meta({ description: "Of the organization's at this provider." }),
    is_active: z.boolean(),
    failure_code: z.string().nullable(),
    next_action: z
      .object({
        kind: z.literal('confirm_payment_method'),
        by: z.literal('customer'),
        url: z.string().nullable().meta({ description: 'Where the customer does it.' }),
        client_secret: z.string().nullable().meta({ description: "For the provider's own browser script." }),
      })
      .nullable(),
    created_at: time,
  })
  .meta({ id: 'PaymentMethod' });
export type PaymentMethodAnswer = z.output<typeof paymentMethod>;

export const paymentMethodPage = pageOf(paymentMethod);
