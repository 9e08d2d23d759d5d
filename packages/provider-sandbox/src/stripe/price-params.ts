import { z } from 'zod';
import { bool, decimal, ignored, integer, metadata, text } from './params.ts';

const recurringParam = z.strictObject({
  interval: z.enum(['day', 'week', 'month', 'year']),
  interval_count: integer.optional(),
  meter: text.optional(),
  trial_period_days: integer.optional(),
  usage_type: z.enum(['licensed', 'metered']).optional(),
});

export const priceAmounts = {
  currency: text.length(3),
  unit_amount: integer.optional(),
  unit_amount_decimal: decimal.optional(),
  tax_behavior: z.enum(['exclusive', 'inclusive', 'unspecified']).optional(),
  recurring: recurringParam.optional(),
  billing_scheme: z.enum(['per_unit', 'tiered']).optional(),
  tiers: z
    .array(
      z.strictObject({
        up_to: z.union([z.literal('inf'), integer]),
        unit_amount: integer.optional(),
        unit_amount_decimal: decimal.optional(),
        flat_amount: integer.optional(),
        flat_amount_decimal: decimal.optional(),
      }),
    )
    .optional(),
  tiers_mode: z.enum(['graduated', 'volume']).optional(),
  transform_quantity: z.strictObject({ divide_by: integer, round: z.enum(['up', 'down']) }).optional(),
  metadata: metadata.optional(),
};

export const priceData = z.strictObject({
  ...priceAmounts,
  currency_options: ignored.optional(),
  custom_unit_amount: ignored.optional(),
});
export const productData = z.strictObject({
  name: text.min(1),
  description: text.optional(),
  images: z.array(text).optional(),
  metadata: metadata.optional(),
  tax_code: text.optional(),
  unit_label: text.optional(),
  active: bool.optional(),
  id: text.optional(),
  statement_descriptor: text.optional(),
});
