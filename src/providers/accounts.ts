import { BillingError } from '../domain/errors.ts';
import type { ProviderAbilities } from '../domain/routing/abilities.ts';
import type { Environment } from './environment.ts';
import type { HttpSettings, ProviderAccount, ProviderModule } from './port.ts';
import { registry } from './registry.ts';

const modules: ReadonlyMap<string, ProviderModule> = new Map(Object.entries(registry));

export interface ConfigurationFault {
  /** The environment variable. */
  readonly key: string;
  /** What is wrong with it; never its value. */
  readonly detail: string;
}

/**
 * The accounts of the project `default`, whose credentials stand in the environment: one per configured provider, by
 * provider id. A provider without keys is left out; a badly configured one is left out and told, all faults at once.
 */
export function createAccounts(
  env: Environment,
  http: HttpSettings,
): { readonly accounts: ReadonlyMap<string, ProviderAccount>; readonly faults: readonly ConfigurationFault[] } {
  const accounts = new Map<string, ProviderAccount>();
  const faults: ConfigurationFault[] = [];
  for (const [id, module] of modules) {
    if (!module.isConfigured(env)) continue;
    const config = module.configSchema.safeParse(env);
    if (config.success) accounts.set(id, module.createAccount(config.data, http));
    else faults.push(...config.error.issues.map((issue) => ({ key: issue.path.join('.'), detail: issue.message })));
  }
  return { accounts, faults };
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
