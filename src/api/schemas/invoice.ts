import { z } from 'zod';
import { money, nullableTime, organizationId, paging } from './common.ts';

export const listInvoicesQuery = z.strictObject({
  organization_id: organizationId.optional(),
  subscription_id: z.string().max(64).optional(),
  ...paging,
});

export const invoice = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    subscription_id: z.string().nullable(),
    checkout_id: z.string().nullable(),
    number: z.string().nullable(),
    status: z.enum(['draft', 'open', 'paid', 'failed', 'refunded', 'partially_refunded', 'void', 'uncollectible']),
    amount: money,
    amount_paid: money,
    amount_refunded: money,
    tax: money.nullable(),
    line_items: z.array(z.never()),
    period_start: nullableTime,
    period_end: nullableTime,
    invoice_date: nullableTime,
    due_date: nullableTime,
    paid_at: nullableTime,
    payment_method_id: z.string().nullable(),
    provider_payment_id: z.string().nullable(),
    hosted_invoice_url: z.string().nullable(),
    invoice_pdf_url: z.string().nullable(),
    provider: z.string(),
    provider_invoice_id: z.string(),
  })
  .meta({ id: 'Invoice' });
export type InvoiceAnswer = z.output<typeof invoice>;
