import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { BlockedCountry } from './domain/routing/country.ts';
import type { RoutingPolicy, RuleConditions } from './domain/routing/policy.ts';

/** Operator data read at start: who is routed where, who may not buy, and what each country pays in. */
export interface Policies {
  readonly routing: ReadonlyMap<string, RoutingPolicy>;
  readonly blockedCountries: readonly BlockedCountry[];
  /** ISO 3166-1 alpha-2 → ISO 4217. */
  readonly countryCurrencies: Readonly<Record<string, string>>;
}

export interface PolicyFault {
  /** The file, and the rule in it. */
  readonly key: string;
  readonly detail: string;
}

const country = z.string().regex(/^[A-Z]{2}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);

const conditionsSchema = z.strictObject({
  country: z
    .union([z.array(z.union([country, z.literal('unknown')])).min(1), z.enum(['served', 'unknown'])])
    .optional(),
  card_country: z
    .array(z.union([country, z.literal('unknown')]))
    .min(1)
    .optional(),
  mode: z
    .array(z.enum(['payment', 'subscription', 'setup']))
    .min(1)
    .optional(),
  digital: z.boolean().optional(),
  currency: z.array(currency).min(1).optional(),
  payment_method: z.array(z.string().min(1)).min(1).optional(),
  amount_minor: z
    .strictObject({ currency, min: z.int().min(0).optional(), max: z.int().min(0).optional() })
    .refine((range) => (range.min ?? 0) <= (range.max ?? Number.MAX_SAFE_INTEGER), 'min is above max')
    .optional(),
  percent: z.number().min(0).max(100).optional(),
});

const policySchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
    version: z.int().min(1),
    description: z.string(),
    rules: z.array(z.strictObject({ id: z.string().min(1), when: conditionsSchema, provider: z.string().min(1) })),
    fallback_provider: z.string().min(1),
  })
  .refine((policy) => new Set(policy.rules.map((rule) => rule.id)).size === policy.rules.length, 'a rule id repeats');

const blockedSchema = z.array(
  z.strictObject({
    country,
    regions: z.array(z.string().min(1)).min(1).nullable(),
    since: z.iso.date(),
    reason: z.string().min(1),
  }),
);

const currenciesSchema = z.record(country, currency);

const dataFiles = { blocked: 'blocked-countries.json', currencies: 'country-currencies.json' };

/**
 * Reads a folder of policies. Every `*.json` but the two data files is a routing policy named inside.
 *
 * @param input.providerIds The providers that rules may name.
 * @returns `faults` lists everything wrong at once, by file and rule; then the policies are not to be used.
 */
export function loadPolicies(input: { readonly directory: string; readonly providerIds: readonly string[] }): {
  readonly policies: Policies;
  readonly faults: readonly PolicyFault[];
} {
  const faults: PolicyFault[] = [];
  const read = <T>(file: string, schema: z.ZodType<T>): T | null => readData(input.directory, file, schema, faults);
  const routing = new Map<string, RoutingPolicy>();
  for (const file of routingFiles(input.directory)) {
    const policy = read(file, policySchema);
    if (policy === null) continue;
    faults.push(...policyFaults(file, policy, input.providerIds));
    if (routing.has(policy.name))
      faults.push({ key: file, detail: `the name ${policy.name} is taken by another file` });
    routing.set(policy.name, { ...policy, rules: policy.rules.map((rule) => ({ ...rule, when: present(rule.when) })) });
  }
  return {
    policies: {
      routing,
      blockedCountries: read(dataFiles.blocked, blockedSchema) ?? [],
      countryCurrencies: read(dataFiles.currencies, currenciesSchema) ?? {},
    },
    faults,
  };
}

function routingFiles(directory: string): readonly string[] {
  const data = new Set(Object.values(dataFiles));
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json') && !data.has(file))
    .sort();
}

function readData<T>(directory: string, file: string, schema: z.ZodType<T>, faults: PolicyFault[]): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(join(directory, file), 'utf8')));
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues)
      faults.push({ key: `${file} ${issue.path.join('.')}`.trim(), detail: issue.message });
  } catch (error) {
    faults.push({ key: file, detail: error instanceof Error ? error.message : 'unreadable' });
  }
  return null;
}

/** Unknown providers, and rules that can never be reached because an earlier one catches everything. */
function policyFaults(
  file: string,
  policy: z.output<typeof policySchema>,
  providerIds: readonly string[],
): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const key = (part: string) => `${file} ${part}`;
  if (!providerIds.includes(policy.fallback_provider))
    faults.push({ key: key('fallback_provider'), detail: `no provider is called ${policy.fallback_provider}` });
  let caught: string | null = null;
  for (const rule of policy.rules) {
    if (!providerIds.includes(rule.provider))
      faults.push({ key: key(`rule ${rule.id}`), detail: `no provider is called ${rule.provider}` });
    if (caught !== null)
      faults.push({ key: key(`rule ${rule.id}`), detail: `is never reached: rule ${caught} catches everything` });
    if (Object.keys(present(rule.when)).length === 0) caught ??= rule.id;
  }
  return faults;
}

/** Drops absent conditions, which zod writes as `undefined`. */
function present(when: z.output<typeof conditionsSchema>): RuleConditions {
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
