import express, { type Request, type Response, type Router } from 'express';
import type { Account } from '../accounts.ts';
import { adminTokenOf, isSameSecret } from '../control/admin.ts';
import { clockInput, moveClock, reset } from '../control/clock.ts';
import { type ControlDeps, ControlFailure, accountNamed, parse } from '../control/control-route.ts';
import { resend } from '../control/delivery-routes.ts';
import { operate } from '../control/operator-routes.ts';
import { DEFAULT_ACCOUNT } from '../core/account-scope.ts';
import { faultInput } from '../core/faults.ts';
import { isProviderId } from '../core/types.ts';
import { readBody } from '../http/body.ts';
import { isSameOrigin } from '../pages/same-origin.ts';
import { sendPage } from '../pages/send-page.ts';
import { actions, isOperation, operationInput } from './actions.ts';
import { deliveries } from './deliveries.ts';
import { faultFromForm, faults } from './faults.ts';
import { type TabName, framed, isTab, loginPage } from './frame.ts';
import { objects } from './objects.ts';
import { overview } from './overview.ts';
import { type Place, ROOT } from './parts.ts';
import { isSignedIn, signIn, signOut } from './session.ts';

/** What a deed says once it is done; the code travels in the address, the words stay here. */
const DONE: Record<string, string> = {
  clock: 'The clock was moved, and what became due has happened.',
  reset: 'Everything was emptied.',
  account: 'The account was made.',
  fault: 'The fault was added.',
  removed: 'The fault was removed.',
  resent: 'The delivery was sent again.',
  operated: 'Done. The provider tells it by its own events.',
};

type Deed = (fields: URLSearchParams, account: Account) => { tab: TabName; done: string };

function render(deps: ControlDeps, tab: TabName, account: Account, place: Place): string {
  switch (tab) {
    case 'overview':
      return overview(deps, account, place);
    case 'objects':
      return objects(account, place);
    case 'deliveries':
      return deliveries(account, place);
    case 'faults':
      return faults(deps, place);
    case 'actions':
      return actions(account, place);
  }
}

function deedsOf({ core, accounts }: ControlDeps): Record<string, { tab: TabName; act: Deed }> {
  return {
    clock: {
      tab: 'overview',
      act(fields) {
        moveClock(core, parse(clockInput, { advance: (fields.get('advance') ?? '').trim() }));
        return { tab: 'overview', done: 'clock' };
      },
    },
    reset: {
      tab: 'overview',
      act: () => (reset(core, accounts), { tab: 'overview', done: 'reset' }),
    },
    accounts: {
      tab: 'overview',
      act(fields) {
        accounts.create({ name: (fields.get('name') ?? '').trim().slice(0, 120) || undefined });
        return { tab: 'overview', done: 'account' };
      },
    },
    resend: {
      tab: 'deliveries',
      act(fields) {
        resend(accounts, fields.get('id') ?? '');
        return { tab: 'deliveries', done: 'resent' };
      },
    },
    faults: {
      tab: 'faults',
      act(fields) {
        core.faults.add(parse(faultInput, faultFromForm(fields)));
        return { tab: 'faults', done: 'fault' };
      },
    },
    'faults/remove': {
      tab: 'faults',
      act(fields) {
        core.faults.remove(fields.get('id') ?? '');
        return { tab: 'faults', done: 'removed' };
      },
    },
    operate: {
      tab: 'actions',
      act(fields, account) {
        const [provider, name] = [fields.get('provider'), fields.get('operation')];
        if (!isProviderId(provider) || !isOperation(name)) throw new ControlFailure(422, 'No such action.');
        operate(account, { provider, name, id: fields.get('id') ?? '' }, operationInput(name, fields));
        return { tab: 'actions', done: 'operated' };
      },
    },
  };
}

const queryOf = ({ query }: Request): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      typeof value === 'string' && value !== '' ? [[name, value]] : [],
    ),
  );

/** The sandbox's own page for people: sees everything the control interface sees, and does what it does. */
export function createStatePages(deps: ControlDeps): Router {
  const router = express.Router();
  const deeds = deedsOf(deps);
  const token = (): string => adminTokenOf(deps);

  function show(response: Response, tab: TabName, query: Record<string, string>, failure: ControlFailure | null): void {
    const { done, ...rest } = query;
    const account = deps.accounts.get(query['account'] ?? DEFAULT_ACCOUNT) ?? deps.accounts.standard;
    const place = { tab, account: account.id, query: rest };
    const text = failure?.message ?? DONE[done ?? ''];
    const said = text === undefined ? null : { text, isBad: failure !== null };
    const body = render(deps, tab, account, place);
    sendPage(response, failure?.status ?? 200, framed({ tab, place, accounts: deps.accounts.all(), said, body }));
  }

  async function act(request: Request, response: Response, name: string): Promise<void> {
    const deed = deeds[name];
    if (!deed) return sendPage(response, 404, loginPage(false));
    const fields = new URLSearchParams((await readBody(request)).toString('utf8'));
    const account = fields.get('account') ?? DEFAULT_ACCOUNT;
    const typed = { ...Object.fromEntries(fields), account };
    try {
      const { tab, done } = deed.act(fields, accountNamed(deps.accounts, account));
      deps.core.store.commit();
      response.redirect(303, `${ROOT}/${tab}?${new URLSearchParams({ account, done }).toString()}`);
    } catch (error) {
      if (error instanceof SyntaxError)
        return show(response, deed.tab, typed, new ControlFailure(422, 'The body’s conditions are not JSON.'));
      if (error instanceof ControlFailure) return show(response, deed.tab, typed, error);
      throw error;
    }
  }

  router.post(['/login', '/logout', '/ui/{*rest}'], (request, response, next) => {
    if (isSameOrigin(request)) return next();
    response.status(403).type('text').send('This form did not come from this page.');
  });
  router.post('/login', async (request, response) => {
    const given = new URLSearchParams((await readBody(request)).toString('utf8')).get('token') ?? '';
    if (!isSameSecret(given.trim(), token())) return sendPage(response, 401, loginPage(true));
    signIn(response, token());
    response.redirect(303, '/_sandbox/');
  });
  router.post('/logout', (_request, response) => {
    signOut(response);
    response.redirect(303, '/_sandbox/');
  });
  router.get('/', (request, response) => {
    if (isSignedIn(request, token())) show(response, 'overview', queryOf(request), null);
    else sendPage(response, 200, loginPage(false));
  });
  router.use('/ui', (request, response, next) => {
    if (isSignedIn(request, token())) return next();
    sendPage(response, 401, loginPage(false));
  });
  router.get('/ui/:tab', (request, response, next) => {
    const { tab } = request.params;
    if (isTab(tab)) show(response, tab, queryOf(request), null);
    else next();
  });
  router.post('/ui/{*deed}', (request, response) => {
    const rest = request.params['deed'];
    return act(request, response, Array.isArray(rest) ? rest.join('/') : String(rest));
  });
  return router;
}
