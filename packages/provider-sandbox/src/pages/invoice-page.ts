import { formatMoney } from '../core/money-format.ts';
import type { InvoiceView } from '../portal.ts';
import { type FieldErrors, type TypedCard, cardFields, testCardList } from './card-fields.ts';
import { escape } from './html.ts';
import { page } from './layout.ts';
import { badge } from './portal-page.ts';
import { PORTAL_STYLE } from './portal-style.ts';
import { type PortalTexts, dateText, portalTextsFor } from './portal-texts.ts';
import { textsFor } from './texts.ts';

export interface InvoiceState {
  path: string;
  notice: string | null;
  card: TypedCard;
  cardName: string;
  errors: FieldErrors;
}

/** The sums under the lines: label, minor units, and whether it is the one that counts. */
export function invoiceSums(
  view: InvoiceView,
  texts: PortalTexts,
): { label: string; minor: number; isTotal: boolean }[] {
  const row = (label: string, minor: number, isTotal = false) => ({ label, minor, isTotal });
  return [
    ...(view.taxMinor === 0
      ? []
      : [row(texts.subtotal, view.totalMinor - view.taxMinor), row(texts.tax, view.taxMinor)]),
    row(texts.total, view.totalMinor, true),
    ...(view.paidMinor === 0 ? [] : [row(texts.paid, view.paidMinor)]),
    ...(view.refundedMinor === 0 ? [] : [row(texts.refunded, -view.refundedMinor)]),
    ...(view.isPayable ? [row(texts.due, view.totalMinor - view.paidMinor, true)] : []),
  ];
}

function payForm(view: InvoiceView, texts: PortalTexts, state: InvoiceState, due: string): string {
  if (!view.isPayable) return '';
  const common = textsFor(view.locale);
  const alert =
    state.errors.form === undefined ? '' : `<div class="alert" role="alert">${escape(state.errors.form)}</div>`;
  const fields = cardFields(common, { card: state.card, name: state.cardName, errors: state.errors });
  return `<section class="pay" aria-labelledby="pay"><h2 id="pay">${escape(texts.pay)}</h2>${alert}<form method="post" name="pay" class="only-card" action="${escape(state.path)}" novalidate><div class="pane p-card">${fields}<button type="submit">${escape(texts.pay)} ${escape(due)}</button></div></form>${testCardList(view.provider, common)}</section>`;
}

/** One invoice, order or receipt, with its payment where something is due. */
export function invoicePage(view: InvoiceView, state: InvoiceState): string {
  const texts = portalTextsFor(view.locale);
  const common = textsFor(view.locale);
  const money = (minor: number): string => formatMoney(minor, view.currency, view.locale);
  const lines = view.lines.map(
    (line) =>
      `<tr><td class="wrap">${escape(line.description)}</td><td class="num">${line.quantity}</td><td class="num">${escape(money(line.amountMinor))}</td></tr>`,
  );
  const sums = invoiceSums(view, texts).map(
    ({ label, minor, isTotal }) =>
      `<tr${isTotal ? ' class="total"' : ''}><th scope="row" colspan="2">${escape(label)}</th><td class="num">${escape(money(minor))}</td></tr>`,
  );
  const who = [view.customer.name, view.customer.email].filter((part) => part !== null).join(' · ');
  const title = view.number === null ? texts.invoice : `${texts.invoice} ${view.number}`;
  const notice = state.notice === null ? '' : `<p class="notice" role="status">${escape(state.notice)}</p>`;
  const meta = `<dl class="meta"><div><dt>${escape(texts.billedTo)}</dt><dd>${escape(who === '' ? '–' : who)}</dd></div><div><dt>${escape(texts.issued)}</dt><dd>${escape(dateText(view.issuedAtMs, view.locale))}</dd></div></dl>`;
  const table = `<div class="scroll" tabindex="0" role="region" aria-label="${escape(title)}"><table><thead><tr><th scope="col">${escape(texts.description)}</th><th scope="col" class="num">${escape(texts.quantity)}</th><th scope="col" class="num">${escape(texts.columns.amount)}</th></tr></thead><tbody>${lines.join('')}</tbody><tfoot>${sums.join('')}</tfoot></table></div>`;
  return page({
    provider: view.provider,
    locale: view.locale,
    title: `${title} · ${view.merchant}`,
    ribbon: common.ribbon,
    style: PORTAL_STYLE,
    body: `<main class="portal"><header><div><p class="note">${escape(view.merchant)}</p><h1>${escape(title)}</h1></div>${badge(view.status, texts)}</header>${notice}${meta}${table}<p class="acts"><a class="button quiet" href="${escape(state.path)}/pdf">${escape(texts.download)}</a></p>${payForm(view, texts, state, money(view.totalMinor - view.paidMinor))}</main>`,
  });
}
