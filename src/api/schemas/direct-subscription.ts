import { z } from 'zod';
import { billingInterval, country, currency, metadata, organizationId } from './common.ts';

const id = z.string().min(1).max(255);

/** `POST /billing/subscriptions`. Absent is the same as null. */
export const createSubscriptionBody = z
  .strictObject({
    organization_id: organizationId,
    plan_id: id.meta({ description: 'A plan of ours, by id or key.', example: 'pro' }),
    billing_interval: billingInterval,
    payment_method_id: id
      .nullable()
      .default(null)
      .meta({ description: "Stored before; null: the organization's default. See `/billing/payment-methods`." }),
    allow_fallback: z
      .boolean()
      .nullable()
      .default(null)
      .meta({
        description:
          "Whether another provider may begin it, with the organization's default method there, where the first one " +
          'surely did not. null: yes without a payment_method_id, no with one.',
      }),
    trial_days: z
      .int()
      .min(0)
      .max(90)
      .nullable()
      .default(null)
      .meta({ description: "null: the plan's. Secret keys only." }),
    quantity: z.int().min(1).max(100_000).default(1),
    currency: currency.nullable().default(null),
    country: country.nullable().default(null).meta({ description: "The buyer's; null: the organization's." }),
    collection_method: z
      .enum(['charge', 'voucher'])
      .default('charge')
      .meta({ description: 'voucher: each period is paid in cash or by transfer, with a reference that we issue.' }),
    voucher_method: z.enum(['oxxo', 'cash', 'spei']).nullable().default(null),
    user_id: id.nullable().default(null),
    metadata: metadata.default({}),
  })
  .superRefine((body, context) => {
    const complain = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [field], message, input: null });
    if (body.collection_method === 'voucher' && body.payment_method_id !== null)
      complain('payment_method_id', 'must be absent where vouchers are issued');
    if (body.collection_method === 'voucher' && (body.trial_days ?? 0) > 0)
      complain('trial_days', 'must be absent where vouchers are issued: the first period begins when it is paid');
    if (body.collection_method === 'charge' && body.voucher_method !== null)
      complain('voucher_method', 'must be absent unless collection_method is voucher');
  })
  .meta({ id: 'CreateSubscription' });
export type CreateSubscriptionBody = z.output<typeof createSubscriptionBody>;
