import { describe, expect, it } from 'vitest';
import { moduleOf, providerIds } from '../../../src/providers/accounts.ts';
import { createProviderDirectory, type StoredAccount } from '../../../src/providers/directory.ts';

const [provider = ''] = providerIds();
const example = Object.fromEntries(
  Object.entries(moduleOf(provider).credentials).map(([key, field]) => [key, field.example]),
);

function directoryOf(stored: Record<string, StoredAccount[]>, env: Record<string, string> = {}) {
  const reads: string[] = [];
  const faults: unknown[] = [];
  const directory = createProviderDirectory({
    env,
    http: () => ({ timeoutMs: 1_000 }),
    loadAccounts: async (projectId) => (reads.push(projectId), stored[projectId] ?? []),
    onFault: (...fault) => void faults.push(fault),
  });
  return { directory, reads, faults };
}

describe('the directory', () => {
  const account: StoredAccount = { provider, live: false, version: 1, credentials: example };

  it('gives each project its own accounts, and nobody those of another', async () => {
    const { directory } = directoryOf({ acme: [account] });
    const mode = (await directory.account('acme', true, provider)) !== null;
    expect(await directory.account('acme', mode, provider)).not.toBeNull();
    expect(await directory.account('other', mode, provider)).toBeNull();
    expect(await directory.accounts('other', provider)).toEqual([]);
    expect([...(await directory.configured('acme', mode))]).toEqual([provider]);
  });

  it('gives the environment to the first project only, and its own account first', async () => {
    const { directory } = directoryOf({}, example);
    expect(await directory.accounts('default', provider)).toHaveLength(1);
    expect(await directory.accounts('acme', provider)).toEqual([]);
    const own = directoryOf({ default: [account] }, example).directory;
    const theirs = directoryOf({}, example).directory;
    expect((await own.accounts('default', provider))[0]).not.toBe((await theirs.accounts('default', provider))[0]);
  });

  it('reads once for many who ask, and anew when told', async () => {
    const stored = { acme: [account] };
    const { directory, reads } = directoryOf(stored);
    const [first, second] = await Promise.all([
      directory.accounts('acme', provider),
      directory.accounts('acme', provider),
    ]);
    expect(reads).toEqual(['acme']);
    expect(first[0]).toBe(second[0]);
    await directory.reload('acme');
    expect((await directory.accounts('acme', provider))[0]).toBe(first[0]);
    stored.acme = [{ ...account, version: 2 }];
    await directory.reload('acme');
    expect((await directory.accounts('acme', provider))[0]).not.toBe(first[0]);
  });

  it('leaves out what does not parse, and says which', async () => {
    const { directory, faults } = directoryOf({ acme: [{ ...account, credentials: {} }] });
    expect(await directory.accounts('acme', provider)).toEqual([]);
    expect(faults).toHaveLength(1);
  });
});
