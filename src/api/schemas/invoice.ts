import { z } from 'zod';
import { money, nullableTime, organizationId, paging } from './common.ts';

export const listInvoicesQuery = z.strictObject({
  organization_id: organizationId.optional(),
  subscription_id: z.string().max(64).optional(),
  ...paging,
});

const line = z.object({
  description: z.string(),
  quantity: z.int(),
  amount: money,
  period_start: nullableTime,
  period_end: nullableTime,
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
    line_items: z.array(line).meta({ description: 'Empty until the provider has told them.' }),
    billing_reason: z.string().nullable().meta({ description: 'null: bought once, or not told.' }),
    period_start: nullableTime,
    period_end: nullableTime,
    invoice_date: nullableTime,
    due_date: nullableTime,
    paid_at: nullableTime,
    payment_method_id: z.string().nullable(),
    provider_payment_id: z.string().nullable(),
    hosted_invoice_url: z
      .string()
      .nullable()
      .meta({ description: 'A page for the customer. Links live for hours: read them anew.' }),
    invoice_pdf_url: z.string().nullable(),
    provider: z.string(),
    provider_invoice_id: z
      .string()
      .nullable()
      .meta({ description: 'null: the provider makes none; this one is ours.' }),
  })
  .meta({ id: 'Invoice' });
export type InvoiceAnswer = z.output<typeof invoice>;
