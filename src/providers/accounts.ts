import { BillingError } from '../domain/errors.ts';
import type { ProviderAbilities } from '../domain/routing/abilities.ts';
import type { Environment } from './environment.ts';
import type { RateLimit } from '../domain/health/budget.ts';
import type { AccountConfig, CredentialFault, HttpSettings, ProviderAccount, ProviderModule } from './port.ts';
import { registry } from './registry.ts';

const modules: ReadonlyMap<string, ProviderModule> = new Map(Object.entries(registry));

/** The transport settings of one account. */
export type HttpOf = (account: {
  readonly provider: string;
  readonly live: boolean;
  /** What the provider lets it do; null: not known, or a stand-in without one. */
  readonly rateLimit: RateLimit | null;
}) => HttpSettings;

/**
 * The accounts whose credentials stand in the environment: one per configured provider, by provider id. A provider
 * without keys is left out; a badly configured one is left out and told, all faults at once.
 */
export function createAccounts(
  env: Environment,
  http: HttpOf,
): { readonly accounts: ReadonlyMap<string, ProviderAccount>; readonly faults: readonly CredentialFault[] } {
  const accounts = new Map<string, ProviderAccount>();
  const faults: CredentialFault[] = [];
  for (const [id, module] of modules) {
    if (!module.isConfigured(env)) continue;
    const made = createAccount(id, env, http);
    if ('account' in made) accounts.set(id, made.account);
    else faults.push(...made.faults);
  }
  return { accounts, faults };
}

/** One account from its credentials, or all that is wrong with them, by key and without values. */
export function createAccount(
  id: string,
  credentials: Environment,
  http: HttpOf,
): { readonly account: ProviderAccount } | { readonly faults: readonly CredentialFault[] } {
  const module = moduleOf(id);
  const config = module.configSchema.safeParse(credentials);
  if (config.success) {
    const settings = http({ provider: id, live: config.data.live, rateLimit: rateLimitOf(module, config.data) });
    return { account: module.createAccount(config.data, settings) };
  }
  return { faults: config.error.issues.map((issue) => ({ key: issue.path.join('.'), detail: issue.message })) };
}

function rateLimitOf({ rateLimits }: ProviderModule, { live, baseUrl }: AccountConfig): RateLimit | null {
  if (!rateLimits.hosts.includes(baseUrl)) return null;
  return live ? rateLimits.live : rateLimits.test;
}

/** Every provider this engine knows, configured or not, in the order of the registry. */
export function providerIds(): readonly string[] {
  return [...modules.keys()];
}

/** @throws {BillingError} `provider_unknown` (not_found). */
export function moduleOf(id: string): ProviderModule {
  const module = modules.get(id);
  if (module) return module;
  throw new BillingError({ code: 'provider_unknown', kind: 'not_found', message: 'There is no such provider.' });
}

/** @throws {BillingError} `provider_unknown` (not_found). */
export function abilitiesOf(id: string): ProviderAbilities {
  return moduleOf(id).abilities;
}

const operationsRead = new Map<string, readonly string[]>();

/** What a provider can do, as `group.operation` in the port's words. @throws {BillingError} `provider_unknown` (not_found). */
export function operationsOf(id: string): readonly string[] {
  const known = operationsRead.get(id) ?? readOperations(moduleOf(id));
  operationsRead.set(id, known);
  return known;
}

/** Read off a client made of the credentials' examples, which calls nobody. */
function readOperations(module: ProviderModule): readonly string[] {
  const example = Object.entries(module.credentials).map(([key, field]) => [key, field.example] as const);
  const config = module.configSchema.parse(Object.fromEntries(example));
  const { client } = module.createAccount(config, { timeoutMs: 1_000 });
  return Object.entries(client).flatMap(([group, operations]: [string, object]) =>
    Object.entries(operations).flatMap(([name, value]) => (typeof value === 'function' ? [`${group}.${name}`] : [])),
  );
}
