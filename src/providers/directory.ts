import { reactionTo } from '../domain/routing/reaction.ts';
import { abilitiesOf, createAccount, createAccounts, moduleOf, providerIds, operationsOf } from './accounts.ts';
import { faultOf } from './error-map.ts';
import type { HttpOf } from './accounts.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { CredentialFault, HttpSettings, ProviderAccount, ProviderDirectory } from './port.ts';

/** The project whose accounts may come from the environment; every project may bring its own. */
const environmentProject = 'default';

/** A change of credentials is seen this late at most; both old and new webhook secrets are valid meanwhile. */
const freshForMs = 5_000;

/** One project's own account, opened: the same keys as the environment has. */
export interface StoredAccount {
  readonly provider: string;
  readonly live: boolean;
  /** Grows with each change: an unchanged account keeps its connections. */
  readonly version: number;
  readonly credentials: Readonly<Record<string, string>>;
}

export interface DirectoryInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Each account's own, so that what it sends can be counted and held back by account. */
  readonly http: (account: AccountKey & Parameters<HttpOf>[0]) => HttpSettings;
  /** All accounts that a project keeps with us. */
  readonly loadAccounts: (projectId: string) => Promise<readonly StoredAccount[]>;
  /** A stored account that no longer parses is left out, and told here, without values. */
  readonly onFault?: (projectId: string, provider: string, faults: readonly CredentialFault[]) => void;
}

interface Project {
  readonly accounts: ReadonlyMap<string, { readonly version: number; readonly account: ProviderAccount }>;
  readonly readAtMs: number;
}

/**
 * The providers of the registry with the accounts of each project: its own first, and for `default` those of the
 * environment where it keeps none of its own.

 * Faults of the environment's keys are told by `createAccounts`, which `main.ts` asks first.
 */
export function createProviderDirectory(input: DirectoryInput): ProviderDirectory {
  const httpOf =
    (projectId: string): HttpOf =>
    (account) =>
      input.http({ ...account, projectId });
  const { accounts: ofEnvironment } = createAccounts(input.env, httpOf(environmentProject));
  const known = new Map<string, Project>();
  const reading = new Map<string, Promise<Project>>();

  async function read(projectId: string): Promise<Project> {
    const before = known.get(projectId)?.accounts;
    const accounts = new Map<string, { version: number; account: ProviderAccount }>();
    if (projectId === environmentProject)
      for (const [id, account] of ofEnvironment) accounts.set(keyOf(id, account.live), { version: 0, account });
    for (const stored of await input.loadAccounts(projectId)) {
      const key = keyOf(stored.provider, stored.live);
      const same = before?.get(key);
      if (same?.version === stored.version) accounts.set(key, same);
      else {
        const made = createAccount(stored.provider, stored.credentials, httpOf(projectId));
        if ('faults' in made) input.onFault?.(projectId, stored.provider, made.faults);
        else accounts.set(key, { version: stored.version, account: made.account });
      }
    }
    return { accounts, readAtMs: Date.now() };
  }

  /** One read at a time per project; while it fails, what was read before goes on serving. */
  function projectOf(projectId: string): Promise<Project> {
    const before = known.get(projectId);
    if (before && Date.now() - before.readAtMs < freshForMs) return Promise.resolve(before);
    const running = reading.get(projectId);
    if (running) return before ? Promise.resolve(before) : running;
    const started = read(projectId)
      .then((project) => (known.set(projectId, project), project))
      .finally(() => reading.delete(projectId));
    reading.set(projectId, started);
    if (!before) return started;
    started.catch(() => undefined);
    return Promise.resolve(before);
  }

  return {
    ids: providerIds,
    abilities: abilitiesOf,
    webhook: (id) => moduleOf(id).webhook,
    async account(projectId, live, id) {
      return (await projectOf(projectId)).accounts.get(keyOf(id, live))?.account ?? null;
    },
    async accounts(projectId, id) {
      const { accounts } = await projectOf(projectId);
      return [true, false].flatMap((live) => accounts.get(keyOf(id, live))?.account ?? []);
    },
    async configured(projectId, live) {
      const { accounts } = await projectOf(projectId);
      return new Set(providerIds().filter((id) => accounts.has(keyOf(id, live))));
    },
    credentials: (id) => moduleOf(id).credentials,
    validate(id, credentials) {
      // Calls nobody.
      const made = createAccount(id, credentials, () => ({ timeoutMs: 1 }));
      return 'account' in made ? { live: made.account.live } : made;
    },
    operations: operationsOf,
    reactionTo: (id, failure) => reactionTo(moduleOf(id).errorMap, faultOf(failure)),
    async reload(projectId) {
      await reading.get(projectId)?.catch(() => undefined);
      known.set(projectId, await read(projectId));
    },
  };
}

function keyOf(provider: string, live: boolean): string {
  return `${provider}/${live ? 'live' : 'test'}`;
}
