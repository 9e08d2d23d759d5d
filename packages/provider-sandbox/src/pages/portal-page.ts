import { formatMoney } from '../core/money-format.ts';
import type { PortalView } from '../portal.ts';
import { type FieldErrors, type TypedCard, cardFields, testCardList } from './card-fields.ts';
import { escape, safeUrl } from './html.ts';
import { page } from './layout.ts';
import { PORTAL_STYLE } from './portal-style.ts';
import { type PortalTexts, dateText, portalTextsFor, statusText } from './portal-texts.ts';
import { textsFor } from './texts.ts';

export interface PortalState {
  /** Where the page's forms post. */
  path: string;
  notice: string | null;
  alert: string | null;
  card: TypedCard;
  cardName: string;
  errors: FieldErrors;
}

type Subscription = PortalView['subscriptions'][number];

const GOOD = new Set(['active', 'trialing', 'in_trial', 'paid', 'succeeded']);
const OVER = new Set(['canceled', 'expired']);
const BAD = new Set(['past_due', 'unpaid', 'declined', 'void', 'uncollectible', 'failed']);

export function badge(status: string, texts: PortalTexts): string {
  const known = status.toLowerCase();
  const kind = GOOD.has(known) ? ' good' : BAD.has(known) ? ' bad' : '';
  return `<span class="badge${kind}">${escape(statusText(status, texts))}</span>`;
}

function actForm(path: string, fields: Record<string, string>, label: string, kind: string): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escape(value)}">`,
  );
  return `<form method="post" action="${escape(path)}">${hidden.join('')}<button type="submit" class="${kind}">${escape(label)}</button></form>`;
}

function subscriptionActions({ id, actions, cancelsAtOnce }: Subscription, texts: PortalTexts, path: string): string {
  const forms = actions.map((kind) => {
    const form = (label: string, look: string): string => actForm(path, { kind, subscription: id }, label, look);
    // Canceling asks once more, without a script.
    return kind === 'cancel'
      ? `<details><summary>${escape(texts.actions.cancel)}</summary><p class="note">${escape(cancelsAtOnce ? texts.confirmCancelNow : texts.confirmCancel)}</p>${form(texts.confirmCancelButton, 'danger')}</details>`
      : form(texts.actions[kind], 'quiet');
  });
  return forms.length === 0 ? '' : `<div class="acts">${forms.join('')}</div>`;
}

function subscriptionCard(view: PortalView, subscription: Subscription, texts: PortalTexts, path: string): string {
  const { locale } = view;
  const common = textsFor(locale);
  const interval = common.intervals[subscription.interval]?.[0] ?? subscription.interval;
  const amount = formatMoney(subscription.amountMinor, subscription.currency, locale);
  const dated = (label: string, atMs: number): string =>
    `<p class="note">${escape(label)} <time datetime="${new Date(atMs).toISOString()}">${escape(dateText(atMs, locale))}</time></p>`;
  const when =
    subscription.endsAtMs !== null
      ? dated(OVER.has(subscription.status) ? texts.ended : texts.ends, subscription.endsAtMs)
      : subscription.periodEndsAtMs !== null
        ? dated(texts.renews, subscription.periodEndsAtMs)
        : '';
  return `<li class="card"><div class="line"><h3 class="grow">${escape(subscription.title)}</h3>${badge(subscription.status, texts)}</div><p class="note">${escape(amount)} ${escape(common.per)} ${escape(interval)}</p>${when}${subscriptionActions(subscription, texts, path)}</li>`;
}

function paymentMethods(view: PortalView, texts: PortalTexts, path: string): string {
  const items = view.paymentMethods.map((method) => {
    const act = (kind: string, label: string): string =>
      actForm(path, { kind, payment_method: method.id }, label, 'quiet');
    const standing = method.isDefault
      ? `<span class="badge good">${escape(texts.isDefault)}</span>`
      : act('use_payment_method', texts.makeDefault);
    const removal = method.canRemove ? act('remove_payment_method', texts.remove) : '';
    return `<li class="card line"><span class="grow">${escape(method.label)}</span>${standing}${removal}</li>`;
  });
  return items.length === 0 ? `<p class="note">${escape(texts.noPaymentMethods)}</p>` : list(items);
}

/** Lists are `<ul>` for screen readers; the cards look after themselves. */
const list = (items: readonly string[]): string => `<ul class="plain">${items.join('')}</ul>`;

function addCard(view: PortalView, texts: PortalTexts, state: PortalState): string {
  if (!view.canAddCard) return '';
  const common = textsFor(view.locale);
  const isOpen = Object.keys(state.errors).length > 0 ? ' open' : '';
  const alert =
    state.errors.form === undefined ? '' : `<div class="alert" role="alert">${escape(state.errors.form)}</div>`;
  const options = view.subscriptions.map(({ id, title }) => `<option value="${escape(id)}">${escape(title)}</option>`);
  const choice =
    options.length === 0
      ? ''
      : `<div class="field"><label for="subscription">${escape(texts.forSubscription)}</label><select id="subscription" name="subscription"><option value="">${escape(texts.forAll)}</option>${options.join('')}</select></div>`;
  const fields = cardFields(common, { card: state.card, name: state.cardName, errors: state.errors });
  return `<details class="add"${isOpen}><summary>${escape(texts.addCard)}</summary><form method="post" name="pay" class="only-card" action="${escape(state.path)}" novalidate>${alert}<input type="hidden" name="kind" value="add_card"><div class="pane p-card">${fields}${choice}<button type="submit">${escape(texts.saveCard)}</button></div></form>${testCardList(view.provider, common)}</details>`;
}

function invoices(view: PortalView, texts: PortalTexts): string {
  if (view.invoices.length === 0) return `<p class="note">${escape(texts.noInvoices)}</p>`;
  const { columns } = texts;
  const rows = view.invoices.map((invoice) => {
    const link =
      invoice.url === null
        ? ''
        : `<a href="${safeUrl(invoice.url)}">${escape(texts.view)}<span class="hidden"> ${escape(invoice.number ?? invoice.id)}</span></a>`;
    const number = escape(invoice.number ?? '–');
    // Where the column does not fit, the number stands below the date.
    const below = invoice.number === null ? '' : `<small aria-hidden="true">${number}</small>`;
    return `<tr><td>${escape(dateText(invoice.atMs, view.locale, 'medium'))}${below}</td><td class="no">${number}</td><td class="num">${escape(formatMoney(invoice.amountMinor, invoice.currency, view.locale))}</td><td>${badge(invoice.status, texts)}</td><td>${link}</td></tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escape(texts.invoices)}"><table class="billed"><thead><tr><th scope="col">${escape(columns.date)}</th><th scope="col" class="no">${escape(columns.number)}</th><th scope="col" class="num">${escape(columns.amount)}</th><th scope="col">${escape(columns.status)}</th><td></td></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** The customer portal: what a person has, pays with and was billed. */
export function portalPage(view: PortalView, state: PortalState): string {
  const texts = portalTextsFor(view.locale);
  const common = textsFor(view.locale);
  const who = [view.customer.name, view.customer.email].filter((part) => part !== null).join(' · ');
  const back =
    view.returnUrl === null
      ? ''
      : `<a class="back" href="${safeUrl(view.returnUrl)}"><span aria-hidden="true">←</span> ${escape(common.continueTo)}</a>`;
  const notice = state.notice === null ? '' : `<p class="notice" role="status">${escape(state.notice)}</p>`;
  const alert = state.alert === null ? '' : `<p class="alert" role="alert">${escape(state.alert)}</p>`;
  const subscriptions =
    view.subscriptions.length === 0
      ? `<p class="note">${escape(texts.noSubscriptions)}</p>`
      : list(view.subscriptions.map((each) => subscriptionCard(view, each, texts, state.path)));
  const section = (id: string, title: string, body: string): string =>
    `<section aria-labelledby="${id}"><h2 id="${id}">${escape(title)}</h2>${body}</section>`;
  return page({
    provider: view.provider,
    locale: view.locale,
    title: `${texts.title} · ${view.merchant}`,
    ribbon: common.ribbon,
    style: PORTAL_STYLE,
    body: `<main class="portal">${back}<header><div><p class="note">${escape(view.merchant)}</p><h1>${escape(texts.title)}</h1></div><p class="note">${escape(who)}</p></header>${notice}${alert}${section('subscriptions', texts.subscriptions, subscriptions)}${section('methods', texts.paymentMethods, paymentMethods(view, texts, state.path) + addCard(view, texts, state))}${section('invoices', texts.invoices, invoices(view, texts))}</main>`,
  });
}
