import type { CheckoutView, PayMethod } from '../cashier.ts';
import { formatMoney } from '../core/money-format.ts';
import { COUNTRY_CODES } from './countries.ts';
import { type FieldErrors, type TypedCard, cardFields, field, testCardList } from './card-fields.ts';
import { escape, safeUrl } from './html.ts';
import { page } from './layout.ts';
import { type Texts, textsFor } from './texts.ts';

export interface FormState {
  method: PayMethod;
  email: string;
  name: string;
  country: string;
  card: TypedCard;
  errors: FieldErrors;
}

export function localeOf(view: CheckoutView): string {
  if (view.provider === 'conekta') return 'es-MX';
  if (view.locale !== null && /^[a-z]{2}(-[A-Za-z0-9]+)?$/.test(view.locale)) return view.locale;
  return view.currency === 'MXN' ? 'es-MX' : 'en-US';
}

function recurringText(view: CheckoutView, texts: Texts): string | null {
  if (!view.recurring) return null;
  const [one, many] = texts.intervals[view.recurring.interval] ?? [view.recurring.interval, view.recurring.interval];
  return view.recurring.count === 1 ? `${texts.per} ${one}` : `${texts.every} ${view.recurring.count} ${many}`;
}

function summary(view: CheckoutView, texts: Texts, money: (amount: number) => string): string {
  const recurring = recurringText(view, texts);
  const lines = view.lines.map(
    (line) =>
      `<li><span>${escape(line.name)}<small>${[
        line.detail,
        line.quantity > 1 ? `${texts.quantity} ${line.quantity}` : null,
        recurring,
      ]
        .filter((part) => part !== null)
        .map(escape)
        .join(' · ')}</small></span><span>${money(line.amountMinor)}</span></li>`,
  );
  const row = (label: string, amount: number, kind = ''): string =>
    `<div class="sum ${kind}"><span>${escape(label)}</span><span>${money(amount)}</span></div>`;
  const back =
    view.backUrl === null
      ? ''
      : `<a class="back" href="${safeUrl(view.backUrl)}"><span aria-hidden="true">←</span> ${escape(texts.back)}</a>`;
  const trial = view.trialDays === null ? '' : `<p class="note">${escape(texts.trial(view.trialDays))}</p>`;
  return `<section class="side" aria-label="${escape(texts.total)}"><div>${back}<h1>${escape(view.merchant)}</h1><p class="amount">${money(view.totalMinor)} <small>${escape(view.currency)}</small></p>${recurring === null ? '' : `<p class="note">${escape(recurring)}</p>`}${trial}<ul class="lines">${lines.join('')}</ul>${view.discountMinor > 0 ? row(texts.discount, -view.discountMinor) : ''}${view.taxMinor > 0 ? row(texts.tax, view.taxMinor) : ''}${row(view.recurring ? texts.dueToday : texts.total, view.totalMinor, 'total')}</div></section>`;
}

function countrySelect(texts: Texts, locale: string, selected: string): string {
  const names = new Intl.DisplayNames([locale], { type: 'region' });
  const options = COUNTRY_CODES.map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((left, right) => left.name.localeCompare(right.name, locale))
    .map(({ code, name }) => `<option value="${code}"${code === selected ? ' selected' : ''}>${escape(name)}</option>`);
  return `<div class="field"><label for="country">${escape(texts.country)}</label><select id="country" name="country" autocomplete="country">${options.join('')}</select></div>`;
}

function methodTabs(view: CheckoutView, texts: Texts, chosen: PayMethod): string {
  if (view.methods.length < 2) return `<input type="hidden" name="method" value="${view.methods[0] ?? 'card'}">`;
  const tabs = view.methods.map(
    (method) =>
      `<label><input type="radio" name="method" value="${method}"${method === chosen ? ' checked' : ''}>${escape(texts.methods[method])}</label>`,
  );
  return `<fieldset class="tabs">${tabs.join('')}</fieldset>`;
}

function payLabel(view: CheckoutView, texts: Texts, money: (amount: number) => string): string {
  if (view.mode === 'setup') return escape(texts.save);
  if (view.trialDays !== null) return escape(texts.startTrial);
  const amount = money(view.totalMinor);
  return view.mode === 'subscription' ? `${escape(texts.subscribe)} · ${amount}` : `${escape(texts.pay)} ${amount}`;
}

function cardPane(texts: Texts, form: FormState, locale: string, label: string): string {
  const fields = cardFields(texts, form);
  return `<div class="pane p-card">${fields}${countrySelect(texts, locale, form.country)}<button type="submit">${label}</button></div>`;
}

export function checkoutPage(view: CheckoutView, form: FormState): string {
  const locale = localeOf(view);
  const texts = textsFor(locale);
  const money = (amount: number): string => escape(formatMoney(amount, view.currency, locale));
  const alert =
    form.errors.form === undefined ? '' : `<div class="alert" role="alert">${escape(form.errors.form)}</div>`;
  const email =
    view.email === null
      ? field({
          name: 'email',
          label: texts.email,
          value: form.email,
          attributes: 'type="email" autocomplete="email" required maxlength="200"',
          errors: form.errors,
        })
      : `<p class="field"><span>${escape(texts.email)}</span>${escape(view.email)}</p>`;
  const voucherPane = (method: 'cash' | 'spei'): string =>
    view.methods.includes(method)
      ? `<div class="pane p-${method}"><p class="note field">${escape(method === 'cash' ? texts.cashHint : texts.speiHint)}</p><button type="submit">${escape(method === 'cash' ? texts.getVoucher : texts.getClabe)}</button></div>`
      : '';
  const only = view.methods.length < 2 ? ` class="only-${view.methods[0] ?? 'card'}"` : '';
  const main = `<main class="main"><div>${alert}<form method="post" name="pay"${only} action="${safeUrl(view.pageUrl)}" novalidate>${email}${methodTabs(view, texts, form.method)}${view.methods.includes('card') ? cardPane(texts, form, locale, payLabel(view, texts, money)) : ''}${voucherPane('cash')}${voucherPane('spei')}</form>${view.methods.includes('card') ? testCardList(view.provider, texts) : ''}</div></main>`;
  return page({
    provider: view.provider,
    locale,
    title: view.merchant,
    ribbon: texts.ribbon,
    body: `<div class="shell">${summary(view, texts, money)}${main}</div>`,
  });
}
