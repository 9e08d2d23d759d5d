import express, { type Express, type Request, type Response, type Router } from 'express';
import type { Cashier, Challenge, CheckoutView, PayMethod, PayRequest, PayResult } from '../cashier.ts';
import type { Accounts } from '../accounts.ts';
import type { Sandbox } from '../context.ts';
import { faultyCardFields } from '../core/cards.ts';
import { PROVIDERS, type ProviderId } from '../core/types.ts';
import { readBody } from '../http/body.ts';
import { barcodeSvg } from './barcode.ts';
import { NO_CARD } from './card-fields.ts';
import { cardOf } from './card-form.ts';
import { type FormState, checkoutPage, localeOf } from './checkout-page.ts';
import { challengePage, closedPage, missingPage, voucherPage } from './outcome-pages.ts';
import { sendPage } from './send-page.ts';
import { textsFor } from './texts.ts';

function blankForm(view: CheckoutView): FormState {
  const country = view.country ?? (view.currency === 'MXN' ? 'MX' : 'US');
  return {
    method: view.methods[0] ?? 'card',
    email: view.email ?? '',
    name: view.name ?? '',
    country,
    card: NO_CARD,
    errors: {},
  };
}

function show(response: Response, view: CheckoutView, form: FormState): void {
  if (view.state === 'open')
    return sendPage(response, Object.keys(form.errors).length > 0 ? 422 : 200, checkoutPage(view, form));
  if (view.state === 'voucher' && view.voucher) return sendPage(response, 200, voucherPage(view, view.voucher));
  sendPage(response, 200, closedPage(view));
}

function readForm(view: CheckoutView, fields: URLSearchParams): { form: FormState; request: PayRequest } {
  const chosen = fields.get('method');
  const method: PayMethod = chosen === 'cash' || chosen === 'spei' ? chosen : 'card';
  const email = view.email ?? (fields.get('email') ?? '').trim();
  const form: FormState = {
    method,
    email,
    name: (fields.get('name') ?? '').trim(),
    country: fields.get('country') ?? '',
    card: {
      number: fields.get('number') ?? '',
      expiry: fields.get('expiry') ?? '',
      cvc: fields.get('cvc') ?? '',
    },
    errors: {},
  };
  const { errors } = textsFor(localeOf(view));
  if (view.email === null && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) form.errors.email = errors.email;
  const card = method === 'card' ? cardOf(fields) : null;
  for (const faulty of card ? faultyCardFields(card, Date.now()) : []) form.errors[faulty] = errors[faulty];
  if (card && form.name === '') form.errors.name = errors.name;
  return {
    form,
    request: {
      method,
      card,
      email,
      name: form.name === '' ? null : form.name,
      country: form.country === '' ? null : form.country,
    },
  };
}

function respond(response: Response, cashier: Cashier, id: string, result: PayResult, form: FormState): void {
  const view = cashier.find(id);
  if (!view) return sendPage(response, 404, missingPage(cashier.provider));
  switch (result.kind) {
    case 'challenge':
      return response.redirect(303, `${view.pageUrl}/challenge/${result.challengeId}`);
    case 'voucher':
      return response.redirect(303, view.pageUrl);
    case 'paid':
      return response.redirect(303, view.doneUrl ?? view.pageUrl);
    case 'declined':
      return show(response, view, { ...form, card: NO_CARD, errors: { form: result.decline.message } });
    case 'refused':
      return show(response, view, { ...form, errors: { form: result.message } });
  }
}

/** The account that has the checkout of this address, and its cashier. */
type Till = { sandbox: Sandbox; cashier: Cashier };

function createPages(provider: ProviderId, tillOf: (id: string) => Till | null): Router {
  const router = express.Router();
  const found = (request: Request, response: Response): (Till & { view: CheckoutView }) | null => {
    const id = String(request.params['id'] ?? '');
    const till = tillOf(id);
    const view = till?.cashier.find(id);
    if (till && view) return { ...till, view };
    sendPage(response, 404, missingPage(provider));
    return null;
  };
  const challengesOf = ({ sandbox }: Till) => sandbox.store.collection<Challenge>('sandbox/challenges');
  router.get('/:id', (request, response) => {
    const at = found(request, response);
    if (at) show(response, at.view, blankForm(at.view));
  });
  router.post('/:id', async (request, response) => {
    const at = found(request, response);
    if (!at) return;
    const { view, cashier, sandbox } = at;
    const { form, request: pay } = readForm(view, new URLSearchParams((await readBody(request)).toString('utf8')));
    if (view.state !== 'open' || Object.keys(form.errors).length > 0) return show(response, view, form);
    const result = cashier.pay(view.id, pay);
    sandbox.store.commit();
    respond(response, cashier, view.id, result, form);
  });
  router.get('/:id/challenge/:challenge', (request, response) => {
    const at = found(request, response);
    if (!at) return;
    if (at.view.state !== 'open') return show(response, at.view, blankForm(at.view));
    sendPage(response, 200, challengePage(at.view, request.params['challenge']));
  });
  router.post('/:id/challenge/:challenge', async (request, response) => {
    const at = found(request, response);
    if (!at) return;
    const { view, cashier, sandbox } = at;
    const challenge = challengesOf(at).get(request.params['challenge']);
    if (!challenge || view.state !== 'open') return show(response, view, blankForm(view));
    const fields = new URLSearchParams((await readBody(request)).toString('utf8'));
    challengesOf(at).remove(challenge.id);
    const result = cashier.answerChallenge(challenge, fields.get('answer') === 'approve');
    sandbox.store.commit();
    respond(response, cashier, view.id, result, blankForm(view));
  });
  router.post('/:id/settle', (request, response) => {
    const at = found(request, response);
    if (!at) return;
    const result = at.cashier.settleVoucher(at.view.id);
    at.sandbox.store.commit();
    respond(response, at.cashier, at.view.id, result, blankForm(at.view));
  });
  return router;
}

/** Hosted pages at the paths each provider's `url` points to, and the barcodes vouchers show. */
export function mountPages(app: Express, accounts: Accounts): void {
  for (const provider of PROVIDERS) {
    const tillOf = (id: string): Till | null => {
      const account = accounts.all().find(({ desks }) => desks[provider].cashier.find(id) !== null);
      return account ? { sandbox: account.sandbox, cashier: account.desks[provider].cashier } : null;
    };
    app.use(accounts.standard.desks[provider].checkoutPath, createPages(provider, tillOf));
  }
  app.get('/_pages/barcode/:name', (request, response) => {
    const text = request.params['name'].replace(/\.svg$/, '');
    if (!/^[0-9A-Za-z-]{1,48}$/.test(text)) return void response.status(404).end();
    response
      .set({ 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=31536000' })
      .send(barcodeSvg(text));
  });
}
