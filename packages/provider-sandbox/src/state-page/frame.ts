import type { Account } from '../accounts.ts';
import { escape } from '../pages/html.ts';
import { type Place, hidden, hrefOf, input, select } from './parts.ts';

const TABS = [
  ['overview', 'Overview'],
  ['objects', 'Objects'],
  ['deliveries', 'Deliveries'],
  ['faults', 'Faults'],
  ['actions', 'Actions'],
] as const;

export type TabName = (typeof TABS)[number][0];

export const isTab = (name: string): name is TabName => TABS.some(([tab]) => tab === name);

const STYLE = `:root{color-scheme:light dark;--page:light-dark(#f6f7f9,#101216);--side:light-dark(#fff,#181b21);--ink:light-dark(#181b22,#eceef2);--muted:light-dark(#5a6272,#9aa3b2);--line:light-dark(#d9dde5,#2c313b);--accent:light-dark(#1d5fd1,#7fb0ff);--accent-ink:light-dark(#fff,#0b1322);--bad:light-dark(#b3261e,#ff8f86);--good:light-dark(#137a43,#63d297)}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:var(--page);color:var(--ink)}a{color:var(--accent)}
header.top{background:var(--side);border-bottom:1px solid var(--line);padding:12px clamp(14px,4vw,40px) 0}header.top>div{display:flex;flex-wrap:wrap;gap:8px 20px;align-items:center}header.top>div,nav{max-width:1160px;margin:0 auto}header.top strong{font-size:17px;margin-right:auto}nav{display:flex;gap:26px;overflow-x:auto;padding-top:8px}nav a{padding:9px 2px;text-decoration:none;color:var(--muted);border-bottom:2px solid transparent;white-space:nowrap}nav a[aria-current]{color:var(--ink);border-color:var(--accent);font-weight:600}
main{padding:24px clamp(14px,4vw,40px) 64px;max-width:1240px;margin:0 auto}main.login{max-width:420px;padding-top:72px}main.login .f{flex:1 1 100%}section{background:var(--side);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px}h1{font-size:22px;margin:0 0 16px}h2{font-size:16px;margin:0 0 12px}h3{font-size:14px;margin:16px 0 6px}.note{color:var(--muted);margin:0 0 8px;font-size:14px}
form{display:flex;flex-wrap:wrap;gap:10px 14px;align-items:flex-end;margin:0}form.inline{display:inline-flex;vertical-align:bottom;margin:4px 10px 4px 0}form.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr))}.f{display:flex;flex-direction:column;gap:3px;min-width:0}.f.wide{grid-column:1/-1}.f>span{font-size:12.5px;font-weight:600;color:var(--muted)}input,select,textarea{font:inherit;color:inherit;background:var(--page);border:1px solid var(--line);border-radius:7px;padding:7px 9px;max-width:100%}textarea{font:13px/1.45 ui-monospace,monospace;width:100%}
button{font:inherit;font-weight:600;border:1px solid transparent;border-radius:7px;padding:7px 13px;background:var(--accent);color:var(--accent-ink);cursor:pointer}button.quiet{background:transparent;color:var(--ink);border-color:var(--line)}button.bad{background:transparent;color:var(--bad);border-color:var(--bad)}:focus-visible{outline:3px solid color-mix(in srgb,var(--accent) 55%,transparent);outline-offset:1px}
.scroll{position:relative;overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;font-size:12.5px;color:var(--muted)}th,td{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere;min-width:70px}td:first-child code{white-space:nowrap}code,pre{font:12.5px/1.5 ui-monospace,monospace}pre{background:var(--page);border:1px solid var(--line);border-radius:7px;padding:12px;overflow:auto;max-height:420px;margin:8px 0;white-space:pre-wrap;overflow-wrap:anywhere}
details{border-bottom:1px solid var(--line);padding:8px 0}details:last-child{border-bottom:0}summary{cursor:pointer;overflow-wrap:anywhere}.badge{display:inline-block;white-space:nowrap;font-size:12px;font-weight:600;padding:1px 9px;border-radius:99px;background:color-mix(in srgb,var(--muted) 20%,transparent)}.badge.good{color:var(--good);background:color-mix(in srgb,var(--good) 16%,transparent)}.badge.bad{color:var(--bad);background:color-mix(in srgb,var(--bad) 14%,transparent)}
.say{border:1px solid var(--good);border-radius:8px;padding:10px 14px;margin:0 0 18px}.say.bad{border-color:var(--bad);color:var(--bad);white-space:pre-line}.pills{display:flex;flex-wrap:wrap;gap:6px;margin:12px 0 0}.pills a{border:1px solid var(--line);border-radius:99px;padding:3px 12px;text-decoration:none;color:inherit;font-size:14px}.pills a[aria-current]{background:var(--accent);color:var(--accent-ink)}
@media(max-width:560px){nav{gap:10px}nav a{font-size:14px}table:has(td .f),tbody:has(td .f){display:block}table:has(td .f) thead{display:none}tr:has(td .f){display:flex;flex-wrap:wrap;border-bottom:1px solid var(--line)}tr:has(td .f) td{border:0}td:has(.f){flex:1 1 100%;padding-right:0}td .inline,td .f{max-width:100%}}`;

function document(title: string, body: string, refreshS: number | null = null): string {
  const refresh = refreshS === null ? '' : `<meta http-equiv="refresh" content="${refreshS}">`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">${refresh}<link rel="icon" href="data:,"><title>${escape(title)} · provider sandbox</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

export function loginPage(isWrong: boolean): string {
  const alert = isWrong ? '<p class="say bad" role="alert">This is not the admin token.</p>' : '';
  return document(
    'Sign in',
    `<main class="login"><h1>Provider sandbox</h1><section>${alert}<form method="post" action="/_sandbox/login">${input('Admin token', 'token', 'type="password" autocomplete="current-password" required autofocus')}<button type="submit">Sign in</button></form></section><p class="note">The token was printed when the sandbox started, unless you gave it one.</p></main>`,
  );
}

const REFRESH_S = 5;

/** The common head: tabs, the account looked at, and refreshing by itself where asked. */
export function framed(page: {
  tab: TabName;
  place: Place;
  accounts: readonly Account[];
  said: { text: string; isBad: boolean } | null;
  body: string;
}): string {
  const { tab, place, accounts, said, body } = page;
  const tabs = TABS.map(
    ([name, title]) =>
      `<a href="${hrefOf(name, { account: place.account })}"${name === tab ? ' aria-current="page"' : ''}>${title}</a>`,
  );
  const { refresh, ...rest } = place.query;
  const switcher = `<form method="get" action="/_sandbox/ui/${tab}">${hidden(
    Object.fromEntries(Object.entries(place.query).filter(([name]) => name !== 'account')),
  )}${select(
    'Account',
    'account',
    accounts.map(({ id, name }) => [id, name]),
    place.account,
  )}<button type="submit" class="quiet">Show</button></form>`;
  const refreshing =
    refresh === undefined
      ? `<a href="${hrefOf(tab, { ...rest, account: place.account, refresh: '1' })}">Refresh every ${REFRESH_S} s</a>`
      : `<a href="${hrefOf(tab, { ...rest, account: place.account })}">Stop refreshing</a>`;
  const message =
    said === null
      ? ''
      : `<p class="say${said.isBad ? ' bad' : ''}" role="${said.isBad ? 'alert' : 'status'}">${escape(said.text)}</p>`;
  const title = TABS.find(([name]) => name === tab)?.[1] ?? tab;
  return document(
    title,
    `<header class="top"><div><strong>Provider sandbox</strong>${switcher}<span>${refreshing}</span><form method="post" action="/_sandbox/logout"><button type="submit" class="quiet">Sign out</button></form></div><nav aria-label="Sections">${tabs.join('')}</nav></header><main>${message}<h1>${title}</h1>${body}</main>`,
    refresh === undefined ? null : REFRESH_S,
  );
}
