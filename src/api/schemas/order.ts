import { z } from 'zod';
import { money, organizationId, paging, time } from './common.ts';

export const listOrdersQuery = z.strictObject({ organization_id: organizationId.optional(), ...paging });

export const order = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    user_id: z.string().nullable(),
    checkout_id: z.string(),
    product: z.string().meta({ description: 'Its key.', example: 'starter-kit' }),
    product_id: z.string(),
    quantity: z.int(),
    status: z.enum(['paid', 'partially_refunded', 'refunded', 'disputed']),
    amount: money,
    tax: money.nullable(),
    amount_refunded: money,
    payment_id: z.string().nullable().meta({ description: 'null: nothing was due.' }),
    invoice_id: z.string().nullable(),
    provider: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    paid_at: time,
  })
  .meta({ id: 'Order' });
export type OrderAnswer = z.output<typeof order>;
