import express, { type Express, type Request, type Response, type Router } from 'express';
import type { Cashier, Challenge, CheckoutView, PayMethod, PayRequest, PayResult } from '../cashier.ts';
import type { Sandbox } from '../context.ts';
import { type CardInput, faultyCardFields } from '../core/cards.ts';
import { readBody } from '../http/body.ts';
import { barcodeSvg } from './barcode.ts';
import { type FormState, checkoutPage, localeOf } from './checkout-page.ts';
import { challengePage, closedPage, missingPage, voucherPage } from './outcome-pages.ts';
import { textsFor } from './texts.ts';

function html(response: Response, status: number, text: string): void {
  response
    .status(status)
    .set({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .send(text);
}

const NO_CARD = { number: '', expiry: '', cvc: '' };

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
    return html(response, Object.keys(form.errors).length > 0 ? 422 : 200, checkoutPage(view, form));
  if (view.state === 'voucher' && view.voucher) return html(response, 200, voucherPage(view, view.voucher));
  html(response, 200, closedPage(view));
}

function cardOf(fields: URLSearchParams): CardInput {
  const [, month = '', year = ''] = /^\s*(\d{1,2})\s*[/-]?\s*(\d{2}|\d{4})\s*$/.exec(fields.get('expiry') ?? '') ?? [];
  const numericYear = /^\d{2}$/.test(year) ? 2000 + Number(year) : Number(year);
  return {
    number: (fields.get('number') ?? '').replaceAll(/\D/g, ''),
    expMonth: Number(month),
    expYear: numericYear,
    cvc: (fields.get('cvc') ?? '').trim(),
    name: fields.get('name')?.trim() ?? null,
  };
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
  if (!view) return html(response, 404, missingPage(cashier.provider));
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

function createPages(sandbox: Sandbox, cashier: Cashier): Router {
  const router = express.Router();
  const challenges = sandbox.store.collection<Challenge>('sandbox/challenges');
  const idOf = (request: Request): string => String(request.params['id'] ?? '');
  const viewOf = (request: Request, response: Response): CheckoutView | null => {
    const view = cashier.find(idOf(request));
    if (!view) html(response, 404, missingPage(cashier.provider));
    return view;
  };
  router.get('/:id', (request, response) => {
    const view = viewOf(request, response);
    if (view) show(response, view, blankForm(view));
  });
  router.post('/:id', async (request, response) => {
    const view = viewOf(request, response);
    if (!view) return;
    const { form, request: pay } = readForm(view, new URLSearchParams((await readBody(request)).toString('utf8')));
    if (view.state !== 'open' || Object.keys(form.errors).length > 0) return show(response, view, form);
    const result = cashier.pay(view.id, pay);
    sandbox.store.commit();
    respond(response, cashier, view.id, result, form);
  });
  router.get('/:id/challenge/:challenge', (request, response) => {
    const view = viewOf(request, response);
    if (!view) return;
    if (view.state !== 'open') return show(response, view, blankForm(view));
    html(response, 200, challengePage(view, request.params['challenge']));
  });
  router.post('/:id/challenge/:challenge', async (request, response) => {
    const view = viewOf(request, response);
    const challenge = challenges.get(request.params['challenge']);
    if (!view) return;
    if (!challenge || view.state !== 'open') return show(response, view, blankForm(view));
    const fields = new URLSearchParams((await readBody(request)).toString('utf8'));
    challenges.remove(challenge.id);
    const result = cashier.answerChallenge(challenge, fields.get('answer') === 'approve');
    sandbox.store.commit();
    respond(response, cashier, view.id, result, blankForm(view));
  });
  router.post('/:id/settle', (request, response) => {
    const view = viewOf(request, response);
    if (!view) return;
    const result = cashier.settleVoucher(view.id);
    sandbox.store.commit();
    respond(response, cashier, view.id, result, blankForm(view));
  });
  return router;
}

/** Hosted pages at the paths each provider's `url` points to, and the barcodes vouchers show. */
export function mountPages(app: Express, sandbox: Sandbox, paths: readonly { path: string; cashier: Cashier }[]): void {
  for (const { path, cashier } of paths) app.use(path, createPages(sandbox, cashier));
  app.get('/_pages/barcode/:name', (request, response) => {
    const text = request.params['name'].replace(/\.svg$/, '');
    if (!/^[0-9A-Za-z-]{1,48}$/.test(text)) return void response.status(404).end();
    response
      .set({ 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=31536000' })
      .send(barcodeSvg(text));
  });
}
