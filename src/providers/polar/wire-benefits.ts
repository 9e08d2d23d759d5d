import { z } from 'zod';
import { metadata, text } from './wire.ts';

/** Benefits, their grants, and license keys of Polar API 2026-10: see `wire.ts`. */
const properties = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});

export const polarBenefit = z.object({
  id: z.string(),
  type: z.string(),
  description: z.string(),
  is_deleted: z.boolean().default(false),
  properties,
  metadata,
});

export const polarBenefitGrant = z.object({
  id: z.string(),
  is_granted: z.boolean(),
  granted_at: text,
  revoked_at: text,
  subscription_id: text,
  order_id: text,
  customer_id: z.string(),
  benefit_id: z.string(),
  error: z.object({ message: z.string() }).nullish(),
  benefit: z.object({ type: z.string() }),
  properties,
});

export const polarLicenseKey = z.object({
  id: z.string(),
  customer_id: z.string(),
  key: z.string(),
  display_key: z.string(),
  status: z.enum(['granted', 'revoked', 'disabled']),
  limit_activations: z.int().nullish(),
  usage: z.int().default(0),
  limit_usage: z.int().nullish(),
  validations: z.int().default(0),
  expires_at: text,
});

export const polarActivation = z.object({ id: z.string(), license_key: polarLicenseKey });

export type PolarBenefit = z.output<typeof polarBenefit>;
export type PolarBenefitGrant = z.output<typeof polarBenefitGrant>;
export type PolarLicenseKey = z.output<typeof polarLicenseKey>;
