import type { CardInput } from '../core/cards.ts';

/** The card a person typed: expiry as `MM / YY` or `MM/YYYY`, spaces and all. */
export function cardOf(fields: URLSearchParams): CardInput {
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
