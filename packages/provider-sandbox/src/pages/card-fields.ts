import { spacedNumber, testCards } from '../core/cards.ts';
import type { ProviderId } from '../core/types.ts';
import { escape } from './html.ts';
import type { Texts } from './texts.ts';

/** One message per faulty field; `form` stands above all. */
export type FieldErrors = Partial<Record<'number' | 'expiry' | 'cvc' | 'email' | 'name' | 'country' | 'form', string>>;

/** What was typed, shown again for correction, never kept. */
export interface TypedCard {
  number: string;
  expiry: string;
  cvc: string;
}

export const NO_CARD: TypedCard = { number: '', expiry: '', cvc: '' };

interface FieldInput {
  name: keyof FieldErrors;
  label: string;
  value: string;
  attributes: string;
  errors: FieldErrors;
}

/** The first faulty field takes the focus: on a phone it may be below the fold. */
const ORDER: readonly FieldInput['name'][] = ['email', 'number', 'expiry', 'cvc', 'name'];

export function field({ name, label, value, attributes, errors }: FieldInput): string {
  const error = errors[name];
  const focus = ORDER.find((each) => errors[each] !== undefined) === name ? ' autofocus' : '';
  const invalid = error === undefined ? '' : ` aria-invalid="true" aria-describedby="error-${name}"${focus}`;
  const message = error === undefined ? '' : `<p class="error" id="error-${name}" role="alert">${escape(error)}</p>`;
  return `<div class="field"><label for="${name}">${escape(label)}</label><input id="${name}" name="${name}" value="${escape(value)}" ${attributes}${invalid}>${message}</div>`;
}

/** Number, expiry, security code and the name on the card. */
export function cardFields(texts: Texts, form: { card: TypedCard; name: string; errors: FieldErrors }): string {
  const { errors, card } = form;
  const number = field({
    name: 'number',
    label: texts.cardNumber,
    value: card.number,
    attributes: 'inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234" maxlength="23"',
    errors,
  });
  const expiry = field({
    name: 'expiry',
    label: texts.expiry,
    value: card.expiry,
    attributes: `inputmode="numeric" autocomplete="cc-exp" placeholder="${texts.expiryHint}" maxlength="9"`,
    errors,
  });
  const cvc = field({
    name: 'cvc',
    label: texts.cvc,
    value: card.cvc,
    attributes: 'inputmode="numeric" autocomplete="cc-csc" placeholder="123" maxlength="4"',
    errors,
  });
  const name = field({
    name: 'name',
    label: texts.nameOnCard,
    value: form.name,
    attributes: 'autocomplete="cc-name" maxlength="120"',
    errors,
  });
  return `${number}<div class="row">${expiry}${cvc}</div>${name}`;
}

/** The published test cards, each a button that fills the form. */
export function testCardList(provider: ProviderId, texts: Texts): string {
  const year = String((new Date().getUTCFullYear() + 5) % 100);
  const items = testCards(provider).map(
    ({ number, label }) =>
      `<li><button type="button" data-card="${number}" data-year="${year}" data-cvc="${number.startsWith('3') ? '1234' : '123'}"><span>${escape(label)}</span><code>${spacedNumber(number)}</code></button></li>`,
  );
  return `<details><summary>${escape(texts.testCards)}</summary><p class="note">${escape(texts.testCardsHint)}</p><ul>${items.join('')}</ul></details>`;
}
