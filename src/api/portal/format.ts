import type { Tongue } from './language.ts';

/** Dates and sums as the customer writes them. Days are those of UTC: the server does not know where they are. */
export function createFormat({ locale }: Tongue) {
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  const short = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return {
    date: (date: Date) => dates.format(date),
    /** For tables. */
    shortDate: (date: Date) => short.format(date),
    /** @param iso null: no date. */
    day: (iso: string | null) => (iso === null ? null : dates.format(new Date(iso))),
    money(amountMinor: number, currency: string): string {
      const sums = new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'code' });
      const digits = sums.resolvedOptions().maximumFractionDigits ?? 2;
      return sums.format(amountMinor / 10 ** digits);
    },
  };
}

export type Format = ReturnType<typeof createFormat>;
