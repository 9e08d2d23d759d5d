import type { CheckoutView, VoucherView } from '../cashier.ts';
import { formatMoney } from '../core/money-format.ts';
import type { ProviderId } from '../core/types.ts';
import { localeOf } from './checkout-page.ts';
import { escape, safeUrl } from './html.ts';
import { page } from './layout.ts';
import { textsFor } from './texts.ts';

type Mark = 'done' | 'wait' | 'gone';

/** A sign at the head of a page, drawn here: pages fetch nothing. */
const MARKS: Record<Mark, string> = {
  done: '<path d="m7.5 12.5 3 3 6-6.5"/>',
  wait: '<path d="M12 7v5.5l3.5 2"/>',
  gone: '<path d="M12 7v6m0 3.2v.1"/>',
};

function headed(title: string, mark: Mark | null): string {
  const sign =
    mark === null
      ? ''
      : `<svg class="mark ${mark}" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>${MARKS[mark]}</svg>`;
  return `${sign}<h1>${escape(title)}</h1>`;
}

function single(view: CheckoutView, title: string, mark: Mark | null, body: string): string {
  const locale = localeOf(view);
  const { ribbon } = textsFor(locale);
  return page({
    provider: view.provider,
    locale,
    title,
    ribbon,
    body: `<main class="single"><div class="card stack">${headed(title, mark)}${body}</div></main>`,
  });
}

export function challengePage(view: CheckoutView, challengeId: string): string {
  const texts = textsFor(localeOf(view));
  const amount = escape(formatMoney(view.totalMinor, view.currency, localeOf(view)));
  const action = `${view.pageUrl}/challenge/${encodeURIComponent(challengeId)}`;
  const button = (answer: string, label: string, kind: string): string =>
    `<form method="post" action="${safeUrl(action)}"><input type="hidden" name="answer" value="${answer}"><button type="submit" class="${kind}">${escape(label)}</button></form>`;
  return single(
    view,
    texts.challengeTitle,
    null,
    `<p class="note">${escape(texts.challengeText)}</p><div class="figure"><p class="amount">${amount} <small>${escape(view.currency)}</small></p><p class="note">${escape(view.merchant)}</p></div>${button('approve', texts.approve, '')}${button('fail', texts.fail, 'quiet')}`,
  );
}

/** Read in groups, copied without spaces. */
function grouped(reference: string): string {
  return (reference.match(/.{1,4}/g) ?? []).map((part) => `<span>${escape(part)}</span>`).join('<wbr>');
}

function voucherBody(view: CheckoutView, voucher: VoucherView): string {
  const locale = localeOf(view);
  const texts = textsFor(locale);
  const until = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'America/Mexico_City',
  }).format(voucher.expiresAtMs);
  const barcode =
    voucher.barcodeUrl === null
      ? ''
      : `<div class="barcode"><img src="${safeUrl(voucher.barcodeUrl)}" alt="${escape(texts.reference)} ${escape(voucher.reference)}"></div>`;
  const label = voucher.kind === 'cash' ? texts.reference : texts.clabe;
  const onward =
    view.doneUrl === null
      ? ''
      : `<a class="button quiet" href="${safeUrl(view.doneUrl)}">${escape(texts.continueTo)}</a>`;
  return `<p class="note">${escape(texts.voucherText[voucher.kind])}</p><p class="amount">${escape(formatMoney(voucher.amountMinor, view.currency, locale))} <small>${escape(view.currency)}</small></p>${barcode}<p class="label">${escape(label)}</p><div class="code"><output>${grouped(voucher.reference)}</output><button type="button" class="quiet" data-copy="${escape(voucher.reference)}" data-done="${escape(texts.copied)}">${escape(texts.copy)}</button></div><p class="note">${escape(texts.validUntil)} ${escape(until)}</p><form method="post" action="${safeUrl(`${view.pageUrl}/settle`)}"><button type="submit">${escape(texts.simulate[voucher.kind])}</button></form>${onward}`;
}

export function voucherPage(view: CheckoutView, voucher: VoucherView): string {
  return single(view, textsFor(localeOf(view)).voucherTitle[voucher.kind], null, voucherBody(view, voucher));
}

/** What a finished, expired or canceled checkout shows. */
export function closedPage(view: CheckoutView): string {
  const texts = textsFor(localeOf(view));
  const done = view.state === 'complete';
  const url = done ? view.doneUrl : view.backUrl;
  const link = url === null ? '' : `<a class="button" href="${safeUrl(url)}">${escape(texts.continueTo)}</a>`;
  return single(
    view,
    done ? texts.paidTitle : texts.expiredTitle,
    done ? 'done' : 'wait',
    `<p class="note">${escape(done ? texts.paidText : texts.expiredText)}</p>${link}`,
  );
}

export function missingPage(provider: ProviderId, text?: { en: string; es: string }): string {
  const locale = provider === 'conekta' ? 'es-MX' : 'en-US';
  const texts = textsFor(locale);
  const shown = text === undefined ? texts.missingText : locale.startsWith('es') ? text.es : text.en;
  const body = `<main class="single"><div class="card stack">${headed(texts.missingTitle, 'gone')}<p class="note">${escape(shown)}</p></div></main>`;
  return page({ provider, locale, title: texts.missingTitle, ribbon: texts.ribbon, body });
}
