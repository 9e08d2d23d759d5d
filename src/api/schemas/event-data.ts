import type { z } from 'zod';
import type { ToldEventType } from '../../domain/events.ts';
import { benefitGrant } from './benefit.ts';
import { checkoutEvent } from './checkout.ts';
import { customerDataJob } from './customer.ts';
import { dispute } from './dispute.ts';
import { invoice } from './invoice.ts';
import { migrationNotice } from './migration-notice.ts';
import { order } from './order.ts';
import { webhookEndpoint } from './outbound.ts';
import { paymentMethod } from './payment-method.ts';
import { reconciliation } from './reconciliation.ts';
import { refund } from './refund.ts';
import { rollout } from './rollout.ts';
import { subscription } from './subscription.ts';
import { usageReported } from './usage-report.ts';

type FirstWord<Type extends string> = Type extends `${infer Word}.${string}` ? Word : never;

/** What an event's `data` is, by the first word of its type: what a route answers, unless it says otherwise. */
export const eventData: Readonly<Record<FirstWord<ToldEventType>, z.ZodType>> = {
  benefit: benefitGrant,
  checkout: checkoutEvent,
  customer_data: customerDataJob,
  dispute,
  invoice,
  migration: migrationNotice,
  order,
  payment_method: paymentMethod,
  reconciliation,
  refund,
  rollout,
  subscription,
  usage: usageReported,
  webhook_endpoint: webhookEndpoint,
};
