import { z } from 'zod';
import type { RoutingPolicy } from '../../domain/routing/policy.ts';
import { createCheckoutBody } from './checkout.ts';
import { money, nullableTime, shortText } from './common.ts';
import { policyShape } from './routing-policy.ts';

/** A file of `policies` can be sent as it is. */
export const postPolicyBody = z
  .strictObject({
    ...policyShape,
    version: z.int().min(1).optional().meta({ description: 'Ignored: versions are counted here.' }),
    note: shortText.nullable().default(null).meta({ description: 'Why it was changed; kept with the version.' }),
    activate: z.boolean().default(true),
  })
  .meta({ id: 'PostRoutingPolicy' });
export type PostPolicyBody = z.output<typeof postPolicyBody>;

export const postPolicyQuery = z.strictObject({
  dry_run: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'Changes nothing: answers the analysis, and what would change for past decisions.' }),
  last: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .meta({ description: 'How many of the last decisions are asked again in a dry run.' }),
});

export const activatePolicyBody = z
  .strictObject({
    version: z
      .union([z.int().min(1), z.literal('shipped')], 'must be a version, or shipped')
      .meta({ description: '`shipped`: the one that comes with the engine holds again.' }),
  })
  .meta({ id: 'ActivateRoutingPolicy' });

const exampleRequest = z
  .object({
    country: z.string().nullable(),
    card_country: z.string().nullable(),
    mode: z.enum(['payment', 'subscription', 'setup']),
    digital: z.boolean(),
    amount: money.nullable(),
    payment_methods: z.array(z.string()).nullable(),
    bucket: z.int(),
  })
  .meta({ id: 'RoutingExample' });

const finding = z
  .object({
    kind: z.enum([
      'unknown_provider',
      'duplicate_id',
      'unreachable',
      'contradictory',
      'redundant',
      'incomplete',
      'too_complex',
    ]),
    severity: z.enum(['error', 'warning']),
    rule: z.string().nullable(),
    pointer: z.string(),
    why: z.string(),
    by: z.array(z.string()).meta({ description: 'The earlier rules that leave nothing to it.' }),
    example: exampleRequest.nullable(),
  })
  .meta({ id: 'RoutingFinding' });
export type FindingAnswer = z.output<typeof finding>;

export const policyVersion = z
  .object({
    id: z.string(),
    status: z.enum(['draft', 'active', 'retired']),
    why: z.string(),
    name: z.string(),
    version: z.int(),
    source: z.enum(['own', 'shipped']),
    in_use: z.boolean().meta({ description: 'It decides for the project in this mode.' }),
    description: z.string(),
    rules: policyShape.rules,
    fallback_provider: z.string(),
    readable: z.array(z.string()).meta({ description: 'The rules in words, in order.' }),
    note: z.string().nullable(),
    created_by: z.string().nullable(),
    created_at: nullableTime,
    activated_by: z.string().nullable(),
    activated_at: nullableTime,
  })
  .meta({ id: 'RoutingPolicyVersion' });
/** The rules as the domain has them. */
export type PolicyVersionAnswer = Omit<z.output<typeof policyVersion>, 'rules'> & Pick<RoutingPolicy, 'rules'>;

export const postedPolicy = policyVersion
  .extend({ findings: z.array(finding).meta({ description: 'Warnings of the analysis.' }) })
  .meta({ id: 'PostedRoutingPolicy' });

export const namedPolicy = z
  .object({
    id: z.string(),
    status: z.enum(['active', 'inactive']),
    why: z.string(),
    name: z.string(),
    in_use: z.boolean(),
    active_version: z.int().nullable(),
    active_source: z.enum(['own', 'shipped']).nullable(),
    versions: z.array(policyVersion).meta({ description: 'Newest first; what ships last.' }),
  })
  .meta({ id: 'RoutingPolicy' });
export type NamedPolicyAnswer = Omit<z.output<typeof namedPolicy>, 'versions'> & {
  readonly versions: readonly PolicyVersionAnswer[];
};

const side = z.object({ provider: z.string().nullable(), rule: z.string() });

export const policyDryRun = z
  .object({
    id: z.null(),
    status: z.enum(['acceptable', 'refused']).meta({ description: 'Whether it could be stored as it is.' }),
    why: z.string(),
    name: z.string(),
    version: z.int().meta({ description: 'The one it would get.' }),
    readable: z.array(z.string()),
    findings: z.array(finding),
    reached_by: z
      .array(z.object({ rule: z.string(), example: exampleRequest.nullable() }))
      .meta({ description: 'For each rule a request that it decides.' }),
    asked: z.int().meta({ description: 'Past decisions that were asked again.' }),
    not_askable: z.int().meta({ description: 'Nothing was due, or they are older than questions are kept.' }),
    moved: z.int().meta({ description: 'Would go to another provider.' }),
    unserved: z.int().meta({ description: 'Among them: nobody could serve them.' }),
    shifts: z.array(
      z.object({
        from: side,
        to: side,
        moved: z.boolean(),
        count: z.int(),
        share: z.number(),
        amounts: z.array(money),
        examples: z.array(z.string()).meta({ description: 'Ids of checkouts, newest first.' }),
      }),
    ),
  })
  .meta({ id: 'RoutingDryRun' });
export type PolicyDryRunAnswer = z.output<typeof policyDryRun>;

export const explainBody = createCheckoutBody
  .safeExtend({
    policy: z
      .union(
        [
          z.string().min(1).max(64),
          z.strictObject({ ...policyShape, version: z.int().min(1).optional() }).meta({ id: 'RoutingPolicyDocument' }),
        ],
        'must be the name of a policy, or a whole one',
      )
      .nullable()
      .default(null)
      .meta({ description: 'null: the one that decides for the project.' }),
  })
  .meta({ id: 'ExplainRouting' });
export type ExplainBody = z.output<typeof explainBody>;

export const routingExplanation = z
  .object({
    id: z.null(),
    status: z.enum(['would_open', 'needs_no_provider', 'would_be_refused']),
    why: z.string(),
    refusal: z.object({ code: z.string(), detail: z.string() }).nullable(),
    policy: z.string(),
    policy_version: z.int(),
    readable: z.array(z.string()),
    country: z.string().nullable(),
    country_source: z.string(),
    country_evidence: z
      .array(
        z.object({
          ...{ source: z.string(), country: z.string().nullable(), note: z.string().nullable(), used: z.boolean() },
        }),
      )
      .meta({ description: 'What every source says, best first.' }),
    blocked: z
      .object({ country: z.string(), regions: z.array(z.string()).nullable(), since: z.string(), reason: z.string() })
      .nullable(),
    forced_provider: z.string().nullable(),
    live_provider: z.string().nullable().meta({ description: 'Where the live subscription is.' }),
    preferred_provider: z.string().nullable(),
    rule: z.string(),
    provider: z.string().nullable().meta({ description: 'Whom the rule chose.' }),
    fallbacks: z.array(z.string()),
    attempts: z.array(z.string()).meta({ description: 'Who would be asked, in order.' }),
    skipped: z.array(z.object({ provider: z.string(), reason: z.string(), why: z.string() })),
    bucket: z.int(),
    considered: z.array(
      z.object({
        rule: z.string(),
        text: z.string(),
        outcome: z.enum(['held', 'failed', 'not_reached']),
        failed: z.string().nullable(),
        why: z.string().nullable(),
      }),
    ),
    rollout: z
      .object({
        id: z.string(),
        name: z.string(),
        arm: z.enum(['control', 'treatment']).nullable().meta({ description: 'null: rolled back before it had one.' }),
        is_assigned: z.boolean().meta({ description: 'It has the arm already; else a checkout would write it.' }),
        stage: z.int().meta({ description: 'Counted from 0.' }),
        rolled_back: z.boolean(),
        policy_rule: z.string().meta({ description: 'What the policy alone decides.' }),
        policy_provider: z.string(),
        why: z.string(),
      })
      .nullable()
      .meta({ description: 'The rollout that had the last word; null: none had.' }),
    amount: money.nullable(),
    payment_methods: z.array(z.string()).meta({ description: 'What the first one’s page would offer.' }),
  })
  .meta({ id: 'RoutingExplanation' });
export type RoutingExplanationAnswer = z.output<typeof routingExplanation>;

const region = z
  .string()
  .trim()
  .regex(/^([A-Za-z]{2}-)?[A-Za-z0-9]{1,3}$/, 'must be an ISO 3166-2 code, like UA-43 or 43');

export const putBlockedBody = z
  .strictObject({
    blocked: z.boolean().default(true).meta({ description: 'false: this project may sell there, whatever ships.' }),
    regions: z
      .array(region)
      .min(1)
      .max(100)
      .nullable()
      .default(null)
      .meta({ description: 'null: all of the country.' }),
    since: z.iso.date(),
    reason: shortText,
  })
  .refine((body) => body.blocked || body.regions === null, {
    path: ['regions'],
    message: 'must be absent where nothing is blocked; to free some regions, block the others',
  })
  .meta({ id: 'PutBlockedCountry' });

export const blockedCountry = z
  .object({
    id: z.string().meta({ description: 'The country.' }),
    status: z.enum(['blocked', 'allowed']),
    why: z.string(),
    country: z.string(),
    regions: z.array(z.string()).nullable(),
    since: z.string(),
    reason: z.string(),
    source: z.enum(['own', 'shipped']),
  })
  .meta({ id: 'BlockedCountry' });
export type BlockedCountryAnswer = z.output<typeof blockedCountry>;
