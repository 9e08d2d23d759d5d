import { z } from 'zod';
import { BillingError, type FieldFault } from '../../domain/errors.ts';

const whole = z.int().positive().max(2_147_483_647);

/**
 * What each type of benefit is made of (OpenAPI 2026-10, `Benefit*CreateProperties`), checked before it is sent: Polar
 * refuses a fault too, but by a path into its own union of types.
 */
const SCHEMAS = {
  custom: z.strictObject({ note: z.string().nullish() }),
  /** The token comes from inviting Polar's bot in its dashboard. */
  discord: z.strictObject({ guild_token: z.string().min(1), role_id: z.string().min(1), kick_member: z.boolean() }),
  github_repository: z.strictObject({
    repository_owner: z.string().min(1),
    repository_name: z.string().min(1),
    permission: z.enum(['pull', 'triage', 'push', 'maintain', 'admin']),
  }),
  downloadables: z.strictObject({
    files: z.array(z.uuid()).min(1),
    archived: z.record(z.string(), z.boolean()).optional(),
  }),
  license_keys: z.strictObject({
    prefix: z.string().nullish(),
    expires: z.strictObject({ ttl: whole, timeframe: z.enum(['year', 'month', 'day']) }).nullish(),
    activations: z.strictObject({ limit: whole, enable_customer_admin: z.boolean() }).nullish(),
    limit_usage: whole.nullish(),
  }),
  meter_credit: z.strictObject({ units: whole, rollover: z.boolean(), meter_id: z.uuid() }),
  feature_flag: z.strictObject({}),
  slack_shared_channel: z.strictObject({
    slack_integration_id: z.uuid(),
    channel_name_template: z.string().min(1).max(80),
    private: z.boolean().optional(),
    welcome_message: z.string().max(4000).nullish(),
    archive_on_revoke: z.boolean().optional(),
    team_invitees: z.array(z.string()).optional(),
  }),
} as const satisfies Record<string, z.ZodType>;

type BenefitType = keyof typeof SCHEMAS;

export const BENEFIT_TYPES: readonly string[] = Object.keys(SCHEMAS);

/** Polar shows it to customers: 3–42 characters. */
const description = z.string().min(3).max(42);

/**
 * What to send of a benefit.
 *
 * @throws {BillingError} `benefit_properties_invalid` (invalid), with every fault by pointer.
 */
export function benefitBody(input: {
  readonly benefitId: string;
  readonly type: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, unknown>>;
}): Readonly<Record<string, unknown>> {
  if (!isBenefitType(input.type)) {
    throw invalid([{ pointer: '/type', code: 'unknown_type', detail: `must be one of ${BENEFIT_TYPES.join(', ')}` }]);
  }
  const schema = z.object({ description, properties: SCHEMAS[input.type] });
  const properties = toPolarProperties(input.type, input.properties);
  const parsed = schema.safeParse({ description: input.description, properties });
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map((issue) => ({
        pointer: `/${issue.path.join('/')}`,
        code: issue.code,
        detail: issue.message,
      })),
    );
  }
  return { type: input.type, ...parsed.data, metadata: { benefit_id: input.benefitId } };
}

/**
 * From the names that every provider's benefits have with us to Polar's own, which may be given as they are, too. What is
 * left over is refused by the type's schema.
 */
function toPolarProperties(type: BenefitType, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  switch (type) {
    case 'feature_flag': {
      const { feature: _, ...rest } = given; // only we need to know which
      return rest;
    }
    case 'license_keys': {
      const { activation_limit: limit, ...rest } = given;
      return typeof limit === 'number' ? { ...rest, activations: { limit, enable_customer_admin: true } } : rest;
    }
    case 'github_repository': {
      const { repository, ...rest } = given;
      if (typeof repository !== 'string') return rest;
      const [owner, name] = repository.split('/');
      return { ...rest, repository_owner: owner, repository_name: name };
    }
    case 'discord': {
      const { guild_id: guildId, ...rest } = given;
      return guildId === undefined ? rest : { kick_member: false, ...rest };
    }
    case 'custom':
    case 'downloadables':
    case 'meter_credit':
    case 'slack_shared_channel':
      return { ...given };
  }
}

function isBenefitType(type: string): type is BenefitType {
  return type in SCHEMAS;
}

function invalid(faults: readonly FieldFault[]): BillingError {
  return new BillingError({
    code: 'benefit_properties_invalid',
    kind: 'invalid',
    message: 'The benefit is not described as its type needs it.',
    details: { provider: 'polar' },
    faults,
  });
}
