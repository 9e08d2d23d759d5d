import { z } from 'zod';
import type { RoutingPolicy, RuleConditions } from '../../domain/routing/policy.ts';

const country = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 code in capitals');
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code in capitals');
const countryOrUnknown = z.union([country, z.literal('unknown')], 'must be a country code in capitals, or unknown');

/** What decisions say where no rule decided. */
const takenIds: readonly string[] = ['forced', 'live-subscription', 'preferred', 'fallback', 'free'];

const conditions = z
  .strictObject({
    country: z
      .union(
        [z.array(countryOrUnknown).min(1), z.enum(['served', 'unknown'])],
        'must be a list of country codes in capitals (unknown may be among them), or served, or unknown',
      )
      .optional()
      .meta({ description: '`served`: wherever the rule’s provider sells.' }),
    card_country: z.array(countryOrUnknown).min(1).optional(),
    mode: z
      .array(z.enum(['payment', 'subscription', 'setup']))
      .min(1)
      .optional(),
    digital: z.boolean().optional(),
    currency: z.array(currency).min(1).optional(),
    payment_method: z
      .array(z.string().regex(/^[a-z0-9_]{1,40}$/, 'must be a payment method, like card or spei'))
      .min(1)
      .optional()
      .meta({ description: 'Holds when one of these was wished for.' }),
    amount_minor: z
      .strictObject({ currency, min: z.int().min(0).optional(), max: z.int().min(0).optional() })
      .refine((range) => (range.min ?? 0) <= (range.max ?? Number.MAX_SAFE_INTEGER), 'min is above max')
      .optional(),
    percent: z
      .number()
      .min(0)
      .max(100)
      .refine((share) => Math.abs(share * 100 - Math.round(share * 100)) < 1e-6, 'has at most two decimals')
      .optional()
      .meta({ description: 'Share of organizations, by stable bucket: a higher one takes more, and drops nobody.' }),
  })
  .meta({ id: 'RoutingConditions' });

const rule = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a–z, 0–9 and -')
      .refine((id) => !takenIds.includes(id), `must be none of ${takenIds.join(', ')}`),
    when: conditions,
    provider: z.string().min(1).max(64),
  })
  .meta({ id: 'RoutingRule' });

/** What a policy says, in files and in the API alike. */
export const policyShape = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a–z, 0–9 and -'),
  description: z.string().max(1_000),
  rules: z.array(rule).max(200).meta({ description: 'In order: the first that holds wins.' }),
  fallback_provider: z.string().min(1).max(64),
};

/** A file below `policies`. */
export const policyFile = z.strictObject({ ...policyShape, version: z.int().min(1) });

/** The document as the domain reads it: without the `undefined` that zod writes for what is absent. */
export function toPolicy(document: z.output<z.ZodObject<typeof policyShape>>, version: number): RoutingPolicy {
  const { name, description, rules, fallback_provider } = document;
  return {
    ...{ name, version, description, fallback_provider },
    rules: rules.map(({ id, when, provider }) => ({ id, when: present(when), provider })),
  };
}

function present(when: z.output<typeof conditions>): RuleConditions {
  const amount = when.amount_minor;
  return {
    ...(when.country !== undefined && { country: when.country }),
    ...(when.card_country !== undefined && { card_country: when.card_country }),
    ...(when.mode !== undefined && { mode: when.mode }),
    ...(when.digital !== undefined && { digital: when.digital }),
    ...(when.currency !== undefined && { currency: when.currency }),
    ...(when.payment_method !== undefined && { payment_method: when.payment_method }),
    ...(when.percent !== undefined && { percent: when.percent }),
    ...(amount !== undefined && {
      amount_minor: {
        currency: amount.currency,
        ...(amount.min !== undefined && { min: amount.min }),
        ...(amount.max !== undefined && { max: amount.max }),
      },
    }),
  };
}
