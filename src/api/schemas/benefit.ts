import { z } from 'zod';
import { benefitTypes, type BenefitType } from '../../domain/benefit.ts';
import { nullableTime, organizationId, paging, shortText, time } from './common.ts';

const count = z.int().positive().max(2_147_483_647);
const chatId = z.string().regex(/^\d{5,25}$/, 'must be digits');

/** How long a license key lives. */
const expires = z
  .strictObject({ ttl: count.max(1_000), timeframe: z.enum(['year', 'month', 'day']) })
  .nullable()
  .default(null);

/** What each type is made of. */
export const benefitProperties = {
  custom: z.strictObject({ note: z.string().max(1_000).nullable().default(null) }),
  feature_flag: z.strictObject({ feature: shortText }),
  downloadables: z.strictObject({
    files: z.array(z.string().min(1).max(2_048)).min(1).max(100).meta({
      description: 'Addresses, or the ids under which a provider keeps the files.',
    }),
  }),
  license_keys: z.strictObject({
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9]{1,16}$/, 'must be 1 to 16 letters and digits')
      .transform((text) => text.toUpperCase())
      .nullable()
      .default(null),
    activation_limit: count.nullable().default(null).meta({ description: 'null: any number of activations.' }),
    limit_usage: count.nullable().default(null).meta({ description: 'null: any usage.' }),
    expires,
  }),
  discord: z.strictObject({
    guild_id: chatId,
    role_id: chatId,
    guild_token: z.string().min(1).max(2_048).optional().meta({
      description: 'Of a provider whose own bot invites; without it the app does.',
    }),
  }),
  github_repository: z.strictObject({
    repository: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'must be owner/name'),
    permission: z.enum(['pull', 'triage', 'push', 'maintain', 'admin']).default('pull'),
  }),
  meter_credit: z.strictObject({ meter: shortText, units: count }),
} as const satisfies Record<BenefitType, z.ZodType>;

const description = z.string().trim().min(3).max(255).meta({ description: 'The customer reads it.' });
const defined = <T extends BenefitType>(type: T) =>
  z.strictObject({ type: z.literal(type), description, properties: benefitProperties[type] });

export const createBenefitBody = z
  .discriminatedUnion('type', [
    defined('custom').extend({ properties: benefitProperties.custom.default({ note: null }) }),
    defined('feature_flag'),
    defined('downloadables'),
    defined('license_keys'),
    defined('discord'),
    defined('github_repository'),
    defined('meter_credit'),
  ])
  .meta({ id: 'CreateBenefit' });

export const patchBenefitBody = z
  .strictObject({
    description: description.optional(),
    properties: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'All of them, as the type has them.' }),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'PatchBenefit' });

export const listBenefitsQuery = z.strictObject({ type: z.enum(benefitTypes).optional(), ...paging });

export const setPlanBenefitsBody = z
  .strictObject({ benefit_ids: z.array(z.string().min(1).max(64)).max(100) })
  .meta({ id: 'SetPlanBenefits' });

export const grantBenefitBody = z.strictObject({ organization_id: organizationId }).meta({ id: 'GrantBenefit' });

const properties = z.record(z.string(), z.unknown());

export const benefit = z
  .object({
    id: z.string(),
    type: z.enum(benefitTypes),
    description: z.string(),
    properties,
    is_active: z.boolean(),
    plan_ids: z.array(z.string()).meta({ description: 'Whose buyers get it: set by `PUT /ops/plans/{id}/benefits`.' }),
    provider_ids: z.record(z.string(), z.string()).meta({ description: 'What providers call it, in the key’s mode.' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Benefit' });
export type BenefitAnswer = z.output<typeof benefit>;

export const planBenefits = z
  .object({ plan_id: z.string(), benefit_ids: z.array(z.string()) })
  .meta({ id: 'PlanBenefits' });

export const listGrantsQuery = z.strictObject({ organization_id: organizationId.optional(), ...paging });

export const benefitGrant = z
  .object({
    id: z.string(),
    benefit_id: z.string(),
    organization_id: z.string(),
    type: z.enum(benefitTypes),
    description: z.string(),
    status: z.enum(['pending', 'granted', 'revoking', 'revoked', 'failed']),
    properties: properties.meta({
      description: "The type's own, with what was given: a license key's `license_key`, `display_key`, `expires_at` …",
    }),
    source: z.object({ kind: z.enum(['subscription', 'order', 'direct']), id: z.string() }),
    provider: z.string().nullable().meta({ description: 'Who gives it; null: we do.' }),
    problem: z.string().nullable().meta({ description: 'What stands in the way, or is left for the app to do.' }),
    granted_at: nullableTime,
    revoked_at: nullableTime,
    created_at: time,
  })
  .meta({ id: 'BenefitGrant' });
export type BenefitGrantAnswer = z.output<typeof benefitGrant>;
