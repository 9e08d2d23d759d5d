import type { Account } from '../accounts.ts';
import { PROVIDERS, isProviderId } from '../core/types.ts';
import { escape } from '../pages/html.ts';
import { type Place, hrefOf, json, section } from './parts.ts';

const PER_PAGE = 50;

const idOf = (row: unknown): string =>
  typeof row === 'object' && row !== null && 'id' in row ? String(row.id) : 'without an id';

/** Every kind of object a provider keeps, and the objects of the chosen one, the newest first. */
export function objects(account: Account, place: Place): string {
  const { store } = account.sandbox;
  const provider = isProviderId(place.query['provider']) ? place.query['provider'] : PROVIDERS[0];
  const kinds = store
    .kinds()
    .filter((kind) => kind.startsWith(`${provider}/`))
    .map((kind) => kind.slice(provider.length + 1))
    .sort();
  const kind = place.query['kind'] ?? '';
  const page = Math.max(1, Number.parseInt(place.query['page'] ?? '1', 10) || 1);
  const rows = kinds.includes(kind) ? store.rows(`${provider}/${kind}`).reverse() : [];
  const link = (query: Record<string, string>, label: string, isChosen: boolean): string =>
    `<a href="${hrefOf('objects', { account: place.account, ...query })}"${isChosen ? ' aria-current="true"' : ''}>${escape(label)}</a>`;
  const providers = PROVIDERS.map((each) => link({ provider: each }, each, each === provider));
  const choices = kinds.map((each) =>
    link({ provider, kind: each }, `${each} (${store.rows(`${provider}/${each}`).length})`, each === kind),
  );
  const shown = rows
    .slice((page - 1) * PER_PAGE, page * PER_PAGE)
    .map((row) => `<details><summary><code>${escape(idOf(row))}</code></summary>${json(row)}</details>`);
  const pages = Array.from({ length: Math.ceil(rows.length / PER_PAGE) }, (_, at) =>
    link({ provider, kind, page: String(at + 1) }, String(at + 1), at + 1 === page),
  );
  const list =
    kind === ''
      ? '<p class="note">Choose a kind.</p>'
      : `${shown.join('') || '<p class="note">Nothing here yet.</p>'}${pages.length > 1 ? `<p class="pills">${pages.join('')}</p>` : ''}`;
  return `<p class="pills">${providers.join('')}</p><p class="pills">${choices.join('')}</p><p></p>${section(kind === '' ? provider : `${provider}/${kind}`, list)}`;
}
