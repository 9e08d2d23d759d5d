import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { policyFile, toPolicy } from './api/schemas/routing-policy.ts';
import type { ProviderAbilities } from './domain/routing/abilities.ts';
import { analyzePolicy } from './domain/routing/analysis/analyze-policy.ts';
import type { BlockedCountry } from './domain/routing/country.ts';
import type { RoutingPolicy } from './domain/routing/policy.ts';

/** Operator data that ships, read at start: who is routed where, who may not buy, and what each country pays in. */
export interface Policies {
  readonly routing: ReadonlyMap<string, RoutingPolicy>;
  readonly blockedCountries: readonly BlockedCountry[];
  /** ISO 3166-1 alpha-2 → ISO 4217. */
  readonly countryCurrencies: Readonly<Record<string, string>>;
}

export interface PolicyFault {
  /** The file, and the place in it. */
  readonly key: string;
  readonly detail: string;
}

const country = z.string().regex(/^[A-Z]{2}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);

const blockedSchema = z.array(
  z.strictObject({
    country,
    regions: z.array(z.string().min(1)).min(1).nullable(),
    names: z.array(z.string().min(3)).min(1).optional(),
    since: z.iso.date(),
    reason: z.string().min(1),
  }),
);

const currenciesSchema = z.record(country, currency);

const dataFiles = { blocked: 'blocked-countries.json', currencies: 'country-currencies.json' };

/**
 * Reads a folder of policies. Every `*.json` but the two data files is a routing policy named inside.
 *
 * @param input.abilities Of the providers that rules may name.
 * @returns `faults` lists everything wrong at once, by file and rule; then the policies are not to be used.
 */
export function loadPolicies(input: {
  readonly directory: string;
  readonly abilities: Readonly<Record<string, ProviderAbilities>>;
}): {
  readonly policies: Policies;
  readonly faults: readonly PolicyFault[];
} {
  const faults: PolicyFault[] = [];
  const read = <T>(file: string, schema: z.ZodType<T>): T | null => readData(input.directory, file, schema, faults);
  const routing = new Map<string, RoutingPolicy>();
  for (const file of routingFiles(input.directory)) {
    const document = read(file, policyFile);
    if (document === null) continue;
    const policy = toPolicy(document, document.version);
    faults.push(...policyFaults(file, policy, input.abilities));
    if (routing.has(policy.name))
      faults.push({ key: file, detail: `the name ${policy.name} is taken by another file` });
    routing.set(policy.name, policy);
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

/** What rules may name, with what each can do. */
export function abilitiesByProvider(providers: {
  readonly ids: () => readonly string[];
  readonly abilities: (id: string) => ProviderAbilities | null;
}): Readonly<Record<string, ProviderAbilities>> {
  const known: Record<string, ProviderAbilities> = {};
  for (const id of providers.ids()) {
    const able = providers.abilities(id);
    if (able !== null) known[id] = able;
  }
  return known;
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

/** What the analysis calls an error. */
function policyFaults(
  file: string,
  policy: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly PolicyFault[] {
  return analyzePolicy(policy, abilities)
    .filter(({ severity }) => severity === 'error')
    .map(({ because, pointer, rule }) => ({
      key: rule === null ? `${file} ${pointer}` : `${file} rule ${rule}`,
      detail: because,
    }));
}
