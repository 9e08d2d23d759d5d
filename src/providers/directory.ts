import { createAccounts, abilitiesOf, moduleOf, providerIds } from './accounts.ts';
import type { HttpSettings, ProviderDirectory } from './port.ts';

/** The project whose accounts come from the environment; others bring their own. */
const environmentProject = 'default';

/**
 * The providers of the registry with the accounts that the environment configures.
 *
 * @returns every fault of their keys at once; a provider without keys is simply not configured.
 */
export function createProviderDirectory(
  env: Readonly<Record<string, string | undefined>>,
  http: HttpSettings,
): {
  readonly directory: ProviderDirectory;
  readonly faults: readonly { readonly key: string; readonly detail: string }[];
} {
  const { accounts, faults } = createAccounts(env, http);
  const accountOf = (projectId: string, id: string) =>
    projectId === environmentProject ? (accounts.get(id) ?? null) : null;
  return {
    faults,
    directory: {
      ids: providerIds,
      abilities: abilitiesOf,
      webhook: (id) => moduleOf(id)?.webhook ?? null,
      account(projectId, live, id) {
        const account = accountOf(projectId, id);
        return account?.live === live ? account : null;
      },
      accounts(projectId, id) {
        const account = accountOf(projectId, id);
        return account === null ? [] : [account];
      },
    },
  };
}
