import { z } from 'zod';
import { scopes } from '../keys.ts';
import { currency, nullableTime, paging, phone, shortText, time } from './common.ts';
import { pushBody } from './push.ts';

export const projectId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 of a–z, 0–9, _ and -, beginning with a letter or digit')
  .meta({ description: "The project's own id; part of its webhook addresses.", example: 'acme' });

/** An origin, or one with `*` for the port, as `http://localhost:*`. */
const origin = z
  .string()
  .max(255)
  .regex(/^https?:\/\/[^\s/?#@]+$/, 'must be an origin such as https://app.example')
  .meta({ example: 'https://app.example' });
const redirect = z.url({ protocol: /^https?$/ }).max(2_000);

const days = z.int().min(0).max(90);
const access = z.enum(['keep', 'revoke']);

/** How a project treats trials, late payers and disputes. */
const lifecyclePolicyShape = {
  trial_notice_days: days.meta({ description: 'A notice this many days before a trial ends; 0: none.' }),
  grace_days: days.meta({ description: 'How long a late payer may go on before the subscription is ended.' }),
  reminder_days: z
    .array(days)
    .max(20)
    .refine((all) => all.every((day, index) => index === 0 || day > (all[index - 1] ?? day)), 'must rise')
    .meta({ description: 'Days of the grace on which the customer is to be reminded; rising, before its end.' }),
  past_due_access: access.meta({ description: 'What a late payer has during the grace.' }),
  dispute_access: access.meta({ description: 'What an organization has while its bank asks the money back.' }),
  voucher_lead_days: days.meta({
    description: 'How long before its period a voucher is issued where no provider renews.',
  }),
};

const lifecyclePolicy = z.object(lifecyclePolicyShape).meta({ id: 'LifecyclePolicy' });
/** Only what differs from the default; what is absent stays as it is. */
const lifecyclePolicyChanges = z.strictObject(lifecyclePolicyShape).partial().meta({ id: 'LifecyclePolicyChanges' });
export type LifecyclePolicyChanges = z.output<typeof lifecyclePolicyChanges>;

const settings = {
  default_currency: currency,
  default_success_url: redirect.nullable(),
  default_cancel_url: redirect.nullable(),
  default_phone: phone.nullable(),
  allowed_origins: z.array(origin).max(50),
  routing_policy: z.string().min(1).max(64),
  lifecycle_policy: lifecyclePolicyChanges,
  usage_report_minutes: z
    .int()
    .min(15)
    .max(1_440)
    .meta({ description: 'How often usage is reported to the providers.' }),
};

export const createProjectBody = z
  .strictObject({
    id: projectId,
    name: shortText,
    default_currency: settings.default_currency.default('USD'),
    default_success_url: settings.default_success_url.default(null),
    default_cancel_url: settings.default_cancel_url.default(null),
    default_phone: settings.default_phone.default(null),
    allowed_origins: settings.allowed_origins.default([]),
    routing_policy: settings.routing_policy
      .nullable()
      .default(null)
      .meta({ description: "null: as the caller's project." }),
    lifecycle_policy: settings.lifecycle_policy.default({}),
    usage_report_minutes: settings.usage_report_minutes.default(60),
  })
  .meta({ id: 'CreateProject' });

/** Absent fields stay as they are, null clears. */
export const patchProjectBody = z
  .strictObject({ name: shortText, ...settings })
  .partial()
  .meta({ id: 'PatchProject' });
export type PatchProjectBody = z.output<typeof patchProjectBody>;

export const project = z
  .object({
    id: z.string(),
    name: z.string(),
    default_currency: z.string(),
    default_success_url: z.string().nullable(),
    default_cancel_url: z.string().nullable(),
    default_phone: z.string().nullable(),
    allowed_origins: z.array(z.string()),
    routing_policy: z.string(),
    lifecycle_policy: lifecyclePolicy,
    usage_report_minutes: z.number(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Project' });
export type ProjectAnswer = z.output<typeof project>;

export const listKeysQuery = z.strictObject({ project_id: projectId.optional(), ...paging });

export const createKeyBody = z
  .strictObject({
    project_id: projectId.nullable().default(null).meta({ description: "null: the caller's own." }),
    kind: z.enum(['secret', 'publishable']),
    name: shortText,
    scopes: z.array(z.enum(scopes)).max(scopes.length).default([]).meta({ description: 'Of secret keys.' }),
  })
  .refine((body) => (body.kind === 'secret') === body.scopes.length > 0, {
    path: ['scopes'],
    message: 'a secret key has at least one scope, a publishable key has none',
  })
  .meta({ id: 'CreateKey' });

export const apiKey = z
  .object({
    id: z.string(),
    project_id: z.string(),
    kind: z.enum(['secret', 'publishable']),
    live: z.boolean(),
    name: z.string(),
    scopes: z.array(z.string()),
    created_at: time,
    revoked_at: nullableTime,
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyAnswer = z.output<typeof apiKey>;

export const newApiKey = apiKey
  .extend({
    key: z.string().nullable().meta({
      description:
        'Shown this once; only its hash is kept. null: this answer repeats an earlier one, by its `Idempotency-Key`; if that was lost, revoke this key and make another.',
    }),
  })
  .meta({ id: 'NewApiKey' });

export const credentialsBody = z
  .strictObject({
    credentials: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]{2,63}$/, 'must be an environment key'), z.string().min(1).max(8_192))
      .refine((entries) => Object.keys(entries).length > 0, 'must name at least one credential'),
  })
  .meta({ id: 'Credentials', description: 'By the same keys as the environment has; see docs/providers.md.' });

export const connectWebhookBody = z.strictObject({}).meta({ id: 'ConnectWebhook' });

export const providerAccount = z
  .object({
    project_id: z.string(),
    provider: z.string(),
    live: z.boolean(),
    source: z.enum(['stored', 'environment']),
    credentials: z.array(z.string()).meta({ description: 'Which keys are set. Values are never shown again.' }),
    version: z.int(),
    provider_account_id: z.string().nullable(),
    name: z.string().nullable(),
    webhook_url: z.string().meta({ description: 'Where the provider must send its webhooks.' }),
    webhook_endpoint_id: z.string().nullable(),
    checked_at: nullableTime,
    check_error: z.string().nullable(),
    updated_at: nullableTime,
  })
  .meta({ id: 'ProviderAccount' });
export type ProviderAccountAnswer = z.output<typeof providerAccount>;

export const accountCheck = z
  .object({
    ok: z.boolean(),
    provider_account_id: z.string().nullable(),
    name: z.string().nullable(),
    why: z.string().nullable().meta({ description: 'An error code with a page under /docs/errors.' }),
  })
  .meta({ id: 'AccountCheck' });

export const pushPlansBody = pushBody('PushPlans', 'all that the project has.');

export const planPush = z
  .object({
    id: z.string(),
    status: z.enum(['running', 'done']),
    dry_run: z.boolean(),
    why: z.string(),
    steps: z.array(
      z.object({
        price_id: z.string(),
        plan: z.string(),
        provider: z.string(),
        action: z.enum(['create', 'update', 'none', 'conflict', 'not_sold']),
        why: z.string(),
      }),
    ),
    benefits: z
      .array(
        z.object({
          benefit_id: z.string().nullable(),
          plan: z.string().nullable(),
          provider: z.string(),
          action: z.enum(['create', 'update', 'none', 'not_offered']),
          why: z.string(),
        }),
      )
      .meta({ description: 'Definitions (`benefit_id`), then what each plan’s products bring (`plan`).' }),
  })
  .meta({ id: 'PlanPush' });
