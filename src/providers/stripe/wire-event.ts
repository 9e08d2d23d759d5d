import { z } from 'zod';

const ref = z.union([z.string(), z.object({ id: z.string() })]).nullish();
const metadata = z.record(z.string(), z.string()).nullish();

/** The object of a snapshot event, whatever it is: the fields that find our workflow. `invoice.upcoming` has no id. */
const eventObject = z.object({
  object: z.string(),
  id: z.string().nullish(),
  metadata,
  customer: ref,
  subscription: ref,
  invoice: ref,
  payment_intent: ref,
  charge: ref,
  billing_reason: z.string().nullish(),
  parent: z.object({ subscription_details: z.object({ subscription: ref, metadata }).nullish() }).nullish(),
});

export const stripeEvent = z.object({
  id: z.string(),
  object: z.literal('event'),
  type: z.string(),
  livemode: z.boolean(),
  data: z.object({ object: eventObject, previous_attributes: z.record(z.string(), z.unknown()).nullish() }),
});

export const stripeThinEvent = z.object({
  id: z.string(),
  object: z.literal('v2.core.event'),
  type: z.string(),
  livemode: z.boolean(),
  related_object: z.object({ id: z.string(), type: z.string() }).nullish(),
});

export type StripeEventObject = z.output<typeof eventObject>;
