import express, { type Express, type Request, type Response, type Router } from 'express';
import type { Account, Accounts } from '../accounts.ts';
import { faultyCardFields } from '../core/cards.ts';
import { PROVIDERS, type ProviderId } from '../core/types.ts';
import { readBody } from '../http/body.ts';
import type { InvoiceDesk, InvoiceView, PortalAction, PortalDesk, PortalView } from '../portal.ts';
import { type FieldErrors, NO_CARD, type TypedCard } from './card-fields.ts';
import { cardOf } from './card-form.ts';
import { invoicePage } from './invoice-page.ts';
import { invoicePdf } from './invoice-pdf.ts';
import { missingPage } from './outcome-pages.ts';
import { portalPage } from './portal-page.ts';
import { portalTextsFor } from './portal-texts.ts';
import { isSameOrigin } from './same-origin.ts';
import { sendPage } from './send-page.ts';
import { textsFor } from './texts.ts';

const GONE = {
  en: 'This link has expired or is incomplete. Ask the merchant for a new one.',
  es: 'El enlace venció o está incompleto. Pide uno nuevo al comercio.',
};

const fieldsOf = async (request: Request): Promise<URLSearchParams> =>
  new URLSearchParams((await readBody(request)).toString('utf8'));

const tokenOf = (request: Request): string => String(request.params['token'] ?? '');
const pathOf = (request: Request): string => `${request.baseUrl}/${encodeURIComponent(tokenOf(request))}`;

/** Some providers put the token into the query of their link, not into its path: it goes on to where it is at home. */
function onward(request: Request, find: (token: string) => unknown): string | null {
  const values = Object.values(request.query).filter((value) => typeof value === 'string');
  const token = values.find((value) => value !== '' && find(value) !== null);
  return token === undefined ? null : `${request.baseUrl}/${encodeURIComponent(token)}`;
}

interface CardForm {
  card: TypedCard;
  cardName: string;
  errors: FieldErrors;
}

const BLANK: CardForm = { card: NO_CARD, cardName: '', errors: {} };

function readCard(fields: URLSearchParams, locale: string, nowMs: number) {
  const { errors: messages } = textsFor(locale);
  const input = cardOf(fields);
  const errors: FieldErrors = Object.fromEntries(
    faultyCardFields(input, nowMs).map((field) => [field, messages[field]]),
  );
  if ((input.name ?? '') === '') errors.name = messages.name;
  const text = (name: string): string => fields.get(name) ?? '';
  const card = { number: text('number'), expiry: text('expiry'), cvc: text('cvc') };
  return { input, form: { card, cardName: text('name'), errors } };
}

/** Only what the page offers: a form written by hand cannot reach another customer's things. */
function readAction(view: PortalView, fields: URLSearchParams): Exclude<PortalAction, { kind: 'add_card' }> | null {
  const kind = fields.get('kind');
  const subscription = view.subscriptions.find(({ id }) => id === fields.get('subscription'));
  const method = view.paymentMethods.find(({ id }) => id === fields.get('payment_method'));
  switch (kind) {
    case 'cancel':
    case 'undo_cancel':
    case 'pause':
    case 'resume':
      return subscription?.actions.includes(kind) ? { kind, subscriptionId: subscription.id } : null;
    case 'remove_payment_method':
      return method?.canRemove ? { kind, paymentMethodId: method.id } : null;
    case 'use_payment_method':
      return method && !method.isDefault ? { kind, paymentMethodId: method.id } : null;
    default:
      return null;
  }
}

interface At<Desk, View> {
  account: Account;
  desk: Desk;
  view: View;
}

function createPortal(provider: ProviderId, find: (token: string) => At<PortalDesk, PortalView> | null): Router {
  const router = express.Router();
  function show(
    request: Request,
    response: Response,
    view: PortalView,
    { form = BLANK, alert = null, status = 200 }: { form?: CardForm; alert?: string | null; status?: number } = {},
  ): void {
    const texts = portalTextsFor(view.locale);
    const notice = Object.entries(texts.done).find(([kind]) => kind === request.query['done'])?.[1] ?? null;
    sendPage(response, status, portalPage(view, { path: pathOf(request), notice, alert, ...form }));
  }
  function respond(
    request: Request,
    response: Response,
    action: PortalAction,
    { account, desk }: At<PortalDesk, PortalView>,
  ): void {
    const result = desk.act(tokenOf(request), action);
    account.sandbox.store.commit();
    if (result.kind === 'done') return response.redirect(303, `${pathOf(request)}?done=${action.kind}`);
    const view = desk.find(tokenOf(request));
    if (!view) return sendPage(response, 404, missingPage(provider, GONE));
    const message = result.kind === 'declined' ? result.decline.message : result.message;
    const isCard = action.kind === 'add_card';
    const form = { ...BLANK, errors: isCard ? { form: message } : {} };
    show(request, response, view, { form, alert: isCard ? null : message, status: 422 });
  }
  router.get('/', (request, response) => {
    const path = onward(request, find);
    if (path === null) sendPage(response, 404, missingPage(provider, GONE));
    else response.redirect(303, path);
  });
  router.get('/:token', (request, response) => {
    const at = find(tokenOf(request));
    if (at) show(request, response, at.view);
    else sendPage(response, 404, missingPage(provider, GONE));
  });
  router.post('/:token', async (request, response) => {
    const at = find(tokenOf(request));
    if (!at) return sendPage(response, 404, missingPage(provider, GONE));
    const { view, account } = at;
    const texts = portalTextsFor(view.locale);
    if (!isSameOrigin(request)) return show(request, response, view, { alert: texts.elsewhere, status: 403 });
    const fields = await fieldsOf(request);
    if (fields.get('kind') === 'add_card' && view.canAddCard) {
      const { input, form } = readCard(fields, view.locale, account.sandbox.clock.nowMs());
      if (Object.keys(form.errors).length > 0) return show(request, response, view, { form, status: 422 });
      const subscriptionId = view.subscriptions.find(({ id }) => id === fields.get('subscription'))?.id ?? null;
      return respond(request, response, { kind: 'add_card', card: input, subscriptionId }, at);
    }
    const action = readAction(view, fields);
    if (action) respond(request, response, action, at);
    else show(request, response, view, { alert: texts.invalidAction, status: 422 });
  });
  return router;
}

function createInvoices(provider: ProviderId, find: (token: string) => At<InvoiceDesk, InvoiceView> | null): Router {
  const router = express.Router();
  const missing = (response: Response): void => sendPage(response, 404, missingPage(provider, GONE));
  function show(request: Request, response: Response, view: InvoiceView, form: CardForm): void {
    const notice = request.query['done'] === 'paid' ? portalTextsFor(view.locale).thanks : null;
    const status = Object.keys(form.errors).length > 0 ? 422 : 200;
    sendPage(response, status, invoicePage(view, { path: pathOf(request), notice, ...form }));
  }
  router.get('/:token', (request, response) => {
    const at = find(tokenOf(request));
    if (at) show(request, response, at.view, BLANK);
    else missing(response);
  });
  router.get('/:token/pdf', (request, response) => {
    const at = find(tokenOf(request));
    if (!at) return missing(response);
    const name = (at.view.number ?? 'invoice').replaceAll(/[^\w.-]/g, '_');
    response
      .set({ 'content-type': 'application/pdf', 'content-disposition': `inline; filename="${name}.pdf"` })
      .send(invoicePdf(at.view));
  });
  router.post('/:token', async (request, response) => {
    const at = find(tokenOf(request));
    if (!at) return missing(response);
    const { view, desk, account } = at;
    const texts = portalTextsFor(view.locale);
    if (!isSameOrigin(request)) return void response.status(403).type('text').send(texts.elsewhere);
    if (!view.isPayable) return show(request, response, view, BLANK);
    const { input, form } = readCard(await fieldsOf(request), view.locale, account.sandbox.clock.nowMs());
    if (Object.keys(form.errors).length > 0) return show(request, response, view, form);
    const result = desk.pay(tokenOf(request), input);
    account.sandbox.store.commit();
    if (result.kind === 'done') return response.redirect(303, `${pathOf(request)}?done=paid`);
    const message = result.kind === 'declined' ? result.decline.message : result.message;
    show(request, response, desk.find(tokenOf(request)) ?? view, { ...form, card: NO_CARD, errors: { form: message } });
  });
  return router;
}

/** The first account whose desk knows the token. */
function finder<Desk extends { find(token: string): View | null }, View>(
  accounts: Accounts,
  deskOf: (account: Account) => Desk | undefined,
): (token: string) => At<Desk, View> | null {
  return (token) => {
    for (const account of accounts.all()) {
      const desk = deskOf(account);
      const view = desk?.find(token);
      if (desk && view) return { account, desk, view };
    }
    return null;
  };
}

/** Customer portals and invoice pages, where a provider has them. */
export function mountPortals(app: Express, accounts: Accounts): void {
  for (const provider of PROVIDERS) {
    const { portal, invoices } = accounts.standard.desks[provider];
    if (portal)
      app.use(
        portal.path,
        createPortal(
          provider,
          finder(accounts, ({ desks }) => desks[provider].portal?.desk),
        ),
      );
    if (invoices)
      app.use(
        invoices.path,
        createInvoices(
          provider,
          finder(accounts, ({ desks }) => desks[provider].invoices?.desk),
        ),
      );
  }
}
