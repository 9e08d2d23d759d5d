import type { Agenda } from './agenda.ts';
import type { Store } from './store.ts';

/** The account every sandbox has; its kinds and tasks carry no prefix. */
export const DEFAULT_ACCOUNT = 'default';

const ACCOUNTS_PREFIX = 'account/';

const prefixOf = (account: string): string => (account === DEFAULT_ACCOUNT ? '' : `${ACCOUNTS_PREFIX}${account}/`);

/** The kind as its account knows it. */
export const bareKind = (kind: string): string => kind.replace(/^account\/[^/]+\//, '');

/** The part of the store that one account sees; it names kinds as if it were alone. */
export function scopeStore(store: Store, account: string): Store {
  const prefix = prefixOf(account);
  const isOwn = (kind: string): boolean =>
    prefix === '' ? !kind.startsWith(ACCOUNTS_PREFIX) : kind.startsWith(prefix);
  return {
    ...store,
    collection: (kind, indexes) => store.collection(`${prefix}${kind}`, indexes),
    clear: (isKept) => store.clear((kind) => !isOwn(kind) || isKept(kind.slice(prefix.length))),
    kinds: () =>
      store
        .kinds()
        .filter(isOwn)
        .map((kind) => kind.slice(prefix.length)),
    rows: (kind) => store.rows(`${prefix}${kind}`),
  };
}

/** One agenda runs everything in order of time; each account has its own tasks in it. */
export function scopeAgenda(agenda: Agenda, account: string): Agenda {
  const prefix = prefixOf(account);
  return {
    ...agenda,
    handle: (task, run) => agenda.handle(`${prefix}${task}`, run),
    plan: (task, subject, atMs) => agenda.plan(`${prefix}${task}`, subject, atMs),
    cancel: (task, subject) => agenda.cancel(`${prefix}${task}`, subject),
  };
}
