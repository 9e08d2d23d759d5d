import { z } from 'zod';
import { nullableTime, shortText } from './common.ts';

const key = z.string().trim().min(8).max(255).meta({ description: 'As its owner has it.' });
const activationId = z.string().min(1).max(64);
const conditions = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 50, 'must have at most 50 names')
  .meta({ description: 'What an activation is bound to, such as a major version.' });

export const validateLicenseBody = z
  .strictObject({
    key,
    activation_id: activationId.nullable().default(null).meta({ description: 'It must be one of this key’s.' }),
    conditions: conditions
      .optional()
      .meta({ description: 'With an activation: all that it is bound to must be here.' }),
    increment_usage: z.int().min(1).max(1_000_000).nullable().default(null),
  })
  .meta({ id: 'ValidateLicenseKey' });
export type ValidateLicenseBody = z.output<typeof validateLicenseBody>;

export const activateLicenseBody = z
  .strictObject({
    key,
    label: shortText.meta({ description: 'Names the machine.' }),
    conditions: conditions.default({}),
  })
  .meta({ id: 'ActivateLicenseKey' });
export type ActivateLicenseBody = z.output<typeof activateLicenseBody>;

export const deactivateLicenseBody = z
  .strictObject({ key, activation_id: activationId })
  .meta({ id: 'DeactivateLicenseKey' });

export const licenseKey = z
  .object({
    id: z.string(),
    valid: z.boolean(),
    display_key: z.string(),
    status: z.enum(['granted', 'revoked', 'disabled']),
    organization_id: z.string().nullable().meta({ description: 'null: the provider does not say.' }),
    activation_limit: z.int().nullable(),
    usage: z.int(),
    limit_usage: z.int().nullable(),
    validations: z.int(),
    expires_at: nullableTime,
    activation_id: z.string().nullable().meta({ description: 'Of the activation asked about, or just made.' }),
  })
  .meta({ id: 'LicenseKey', description: 'The key itself is never in it.' });
export type LicenseKeyAnswer = z.output<typeof licenseKey>;

export const licenseActivation = z
  .object({ activation_id: z.string(), status: z.enum(['deactivated']) })
  .meta({ id: 'LicenseDeactivation' });
