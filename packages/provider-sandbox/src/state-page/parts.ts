import { escape } from '../pages/html.ts';

/** Where a page stands: what its links and forms carry on. */
export interface Place {
  tab: string;
  account: string;
  query: Record<string, string>;
}

export const ROOT = '/_sandbox/ui';

export function hrefOf(tab: string, query: Record<string, string>): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return escape(`${ROOT}/${tab}${text === '' ? '' : `?${text}`}`);
}

/** Fields that travel with a form unseen; every deed goes back to the page it was done on. */
export const hidden = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
    .join('');

export function deed(place: Place, path: string, body: string, label: string, look = ''): string {
  return `<form method="post" action="${ROOT}/${escape(path)}" class="inline">${hidden({ account: place.account })}${body}<button type="submit" class="${look}">${escape(label)}</button></form>`;
}

export function input(label: string, name: string, attributes = ''): string {
  return `<label class="f"><span>${escape(label)}</span><input name="${escape(name)}" ${attributes}></label>`;
}

export function select(
  label: string,
  name: string,
  options: readonly (readonly [string, string])[],
  chosen = '',
): string {
  const items = options.map(
    ([value, text]) =>
      `<option value="${escape(value)}"${value === chosen ? ' selected' : ''}>${escape(text)}</option>`,
  );
  return `<label class="f"><span>${escape(label)}</span><select name="${escape(name)}">${items.join('')}</select></label>`;
}

export const json = (value: unknown): string => `<pre tabindex="0">${escape(JSON.stringify(value, null, 2))}</pre>`;

export const section = (title: string, body: string): string => `<section><h2>${escape(title)}</h2>${body}</section>`;

const GOOD = new Set(['delivered', 'succeeded', 'active', 'paid', 'trialing']);
const BAD = new Set(['failed', 'lost', 'skipped', 'past_due', 'unpaid', 'canceled']);

export const status = (text: string): string =>
  `<span class="badge ${GOOD.has(text) ? 'good' : BAD.has(text) ? 'bad' : ''}">${escape(text)}</span>`;

/** Cells are HTML already. */
export function table(label: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p class="note">Nothing here yet.</p>';
  const cells = (row: readonly string[]): string => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(label)}"><table><thead><tr>${heads.map((head) => `<th scope="col">${escape(head)}</th>`).join('')}</tr></thead><tbody>${rows.map(cells).join('')}</tbody></table></div>`;
}
