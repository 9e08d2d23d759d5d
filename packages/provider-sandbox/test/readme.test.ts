import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createAccounts } from '../src/accounts.ts';
import { createCore } from '../src/context.ts';
import { PROVIDERS, type ProviderId, isProviderId } from '../src/core/types.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** What depends on the request: an order of Conekta's with a checkout is both. */
const BY_REQUEST = ['conekta checkouts.create', 'conekta orders.create'];

function served(): string[] {
  const core = createCore({ stateDir: null, seed: 1, publicUrl: () => 'http://127.0.0.1' });
  const { desks } = createAccounts(core, { adminToken: 'admin', retryScale: 1 }).standard;
  core.store.close();
  return PROVIDERS.flatMap((provider) =>
    desks[provider].api.routes.flatMap(({ operations }) =>
      typeof operations === 'function' ? BY_REQUEST : operations.map((name) => `${provider} ${name}`),
    ),
  );
}

const wordsIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** The two tables: verbs by provider in columns, then one provider's nouns by row. */
function documented(): string[] {
  const [, section = ''] = /### Operations\n([\s\S]*?)\n## /.exec(readme) ?? [];
  const rows = section.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const columns = ['stripe', 'polar', 'conekta', 'fungies'] as const satisfies readonly ProviderId[];
  return rows.flatMap(([, first = '', ...cells]) => {
    const own = first.toLowerCase();
    if (isProviderId(own)) {
      const [noun = '', verbs = ''] = cells;
      return wordsIn(verbs).map((verb) => `${own} ${wordsIn(noun).join('')}.${verb}`);
    }
    const [noun] = wordsIn(first);
    if (noun === undefined) return [];
    return columns.flatMap((provider, at) => wordsIn(cells[at] ?? '').map((verb) => `${provider} ${noun}.${verb}`));
  });
}

describe('the README', () => {
  it('lists every operation that a fault can name, and no other', () => {
    expect([...new Set(documented())].sort()).toEqual([...new Set(served())].sort());
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\((src\/[^)#]+)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(4);
    for (const path of links) expect(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')).not.toBe('');
  });
});
