import { z } from 'zod';
import { country, email, metadata, organizationId, phone, shortText, time } from './common.ts';

/** `PUT /billing/organizations/{id}`: absent fields stay as they are, null clears. */
export const putOrganizationBody = z
  .strictObject({
    name: shortText.nullable().optional(),
    email: email.nullable().optional(),
    phone: phone.nullable().optional(),
    country: country.nullable().optional(),
    preferred_provider: z.string().min(1).max(64).nullable().optional(),
    metadata: metadata.optional(),
  })
  .meta({ id: 'PutOrganization' });
export type PutOrganizationBody = z.output<typeof putOrganizationBody>;

export const organization = z
  .object({
    id: z.string(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    country: z.string().nullable(),
    preferred_provider: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Organization' });
export type OrganizationAnswer = z.output<typeof organization>;

/** `POST /billing/sessions`. */
export const createSessionBody = z
  .strictObject({
    organization_id: organizationId,
    user_id: z.string().min(1).max(255).nullable().default(null),
    permissions: z
      .array(z.enum(['read', 'manage', 'usage']))
      .min(1)
      .max(3)
      .default(['read']),
    expires_in: z.int().min(60).max(86_400).default(3_600).meta({ description: 'Seconds.' }),
  })
  .meta({ id: 'CreateSession' });

export const session = z.object({ session_token: z.string(), expires_at: time }).meta({ id: 'Session' });
