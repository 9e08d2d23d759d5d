import { z } from 'zod';
import { refundReasons } from '../../domain/payment/refund.ts';
import { money, nullableTime, organizationId, paging, time } from './common.ts';

export const createRefundBody = z
  .strictObject({
    invoice_id: z.string().max(64).optional(),
    checkout_id: z.string().max(64).optional(),
    amount_minor: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'What the customer gets, tax included; without it: all that is left.' }),
    reason: z.enum(refundReasons).default('requested_by_customer'),
  })
  .refine((body) => (body.invoice_id === undefined) !== (body.checkout_id === undefined), {
    message: 'name either an invoice or a checkout',
    path: ['invoice_id'],
  });
export type CreateRefundBody = z.output<typeof createRefundBody>;

export const listRefundsQuery = z.strictObject({ organization_id: organizationId.optional(), ...paging });

export const refund = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    status: z.enum(['pending', 'succeeded', 'failed', 'unknown']),
    amount: money,
    tax: money.nullable(),
    invoice_id: z.string().nullable(),
    checkout_id: z.string().nullable(),
    subscription_id: z.string().nullable(),
    payment_id: z.string(),
    provider: z.string(),
    provider_refund_id: z.string().nullable(),
    reason: z.enum(refundReasons).nullable().meta({ description: 'null: made at the provider.' }),
    failure: z
      .object({
        code: z.string(),
        provider_code: z.string().nullable(),
        refundable_minor: z.int().nullable(),
        nearest_minor: z.int().nullable(),
      })
      .nullable(),
    created_at: time,
    refunded_at: nullableTime,
  })
  .meta({ id: 'Refund' });
export type RefundAnswer = z.output<typeof refund>;
