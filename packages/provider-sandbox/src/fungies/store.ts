import type { Answer, ApiRequest, Route } from '../http/answer.ts';
import { escape } from '../pages/html.ts';
import { page } from '../pages/layout.ts';
import type { FungiesContext } from './context.ts';
import { PORTAL_PATH } from './portal.ts';
import { readLink, saleUrl, visit } from './sales.ts';

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };

function shell(title: string, body: string, status = 200): Answer {
  const html = page({
    provider: 'fungies',
    locale: 'en-US',
    title,
    ribbon: 'Sandbox',
    body: `<main class="single"><div class="card stack"><h1>${title}</h1>${body}</div></main>`,
  });
  return { status, headers: HTML, body: html };
}

const redirect = (url: string): Answer => ({ status: 302, headers: { location: url, 'cache-control': 'no-store' } });

function login(fungies: FungiesContext, request: ApiRequest): Answer {
  const email = request.query.get('email')?.trim().toLowerCase() ?? '';
  const user = fungies.users.findBy('email', email)[0];
  if (user) return redirect(`${fungies.sandbox.publicUrl()}${PORTAL_PATH}/${user.id}`);
  const unknown = email === '' ? '' : '<p class="error" role="alert">There is no account with this address.</p>';
  return shell(
    'Your purchases',
    `<p class="note">Enter the address you bought with.</p><form method="get"><div class="field"><label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="email" value="${escape(email)}" required>${unknown}</div><button>Continue</button></form>`,
    email === '' ? 200 : 404,
  );
}

/** The store's own addresses: links are opened here and go on to the page of the sale they begin. */
export function storeRoutes(fungies: FungiesContext): Route[] {
  const opening = (path: string): Route => ({
    method: 'get',
    path,
    operations: [],
    handle(request) {
      const link = readLink(`${request.path}${request.search}`);
      const sale = link && visit(fungies, link);
      return sale ? redirect(saleUrl(fungies, sale)) : shell('Not available', '<p>This is no longer sold.</p>', 404);
    },
  });
  return [
    opening('/store/checkout/:id'),
    opening('/store/checkout-element/:id'),
    { method: 'get', path: '/store/portal', operations: [], handle: (request) => login(fungies, request) },
  ];
}
