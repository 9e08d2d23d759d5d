import { z } from 'zod';
import { money, nullableTime, organizationId, paging, time } from './common.ts';

const disputeStatuses = ['warning', 'needs_response', 'under_review', 'won', 'lost', 'closed'] as const;

export const listDisputesQuery = z.strictObject({
  organization_id: organizationId.optional(),
  status: z.enum(disputeStatuses).optional(),
  ...paging,
});

export const dispute = z
  .object({
    id: z.string(),
    organization_id: z.string(),
    status: z.enum(disputeStatuses).meta({ description: '`warning`: an inquiry, no money taken yet.' }),
    amount: money,
    reason: z.string().nullable().meta({ description: 'As the provider gave it.' }),
    respond_by: nullableTime,
    payment_id: z.string(),
    invoice_id: z.string().nullable(),
    checkout_id: z.string().nullable(),
    subscription_id: z.string().nullable(),
    provider: z.string(),
    provider_dispute_id: z.string(),
    opened_at: time,
    updated_at: time,
  })
  .meta({ id: 'Dispute' });
export type DisputeAnswer = z.output<typeof dispute>;
