import type { Address } from '../core/types.ts';
import type { TaxOption } from './objects.ts';

/**
 * Standard rates of VAT, GST and sales tax on digital services as of 2026-11, in thousandths of a percent. The merchant of
 * record collects them. Reduced rates, thresholds and local surcharges are left out; the real one asks its tax engine.
 */
const COUNTRY_RATES: Readonly<Record<string, number>> = {
  ...{ AT: 20_000, BE: 21_000, BG: 20_000, HR: 25_000, CY: 19_000, CZ: 21_000, DK: 25_000, EE: 24_000, FI: 25_500 },
  ...{ FR: 20_000, DE: 19_000, GR: 24_000, HU: 27_000, IE: 23_000, IT: 22_000, LV: 21_000, LT: 21_000, LU: 17_000 },
  ...{ MT: 18_000, NL: 21_000, PL: 23_000, PT: 23_000, RO: 21_000, SK: 23_000, SI: 22_000, ES: 21_000, SE: 25_000 },
  ...{ GB: 20_000, NO: 25_000, CH: 8100, IS: 24_000, TR: 20_000, AE: 5000, SA: 15_000, ZA: 15_000, AU: 10_000 },
  ...{ NZ: 15_000, JP: 10_000, KR: 10_000, IN: 18_000, SG: 9000, MX: 16_000, CL: 19_000, CO: 19_000, CA: 5000 },
};

const EU = new Set('AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE'.split(' '));

/** Canada's provinces with a harmonized or own tax, and American states that tax software at their state rate. */
const STATE_RATES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  CA: { ON: 13_000, NB: 15_000, NL: 15_000, PE: 15_000, NS: 14_000, QC: 14_975, BC: 12_000, SK: 11_000 },
  US: { NY: 4000, PA: 6000, TX: 6250, WA: 6500, CT: 6350, UT: 4850, TN: 7000, RI: 7000 },
};

// Where prices are shown before tax, `location` means on top; everywhere else it is inside the price.
const EXCLUSIVE_COUNTRIES = ['US', 'CA'];

/** Kind of a tax number by its prefix, as far as the sandbox tells them apart. */
export function taxIdKind(value: string): string | null {
  const prefix = value.slice(0, 2).toUpperCase().replace('EL', 'GR');
  if (EU.has(prefix)) return 'eu_vat';
  return prefix === 'GB' ? 'gb_vat' : null;
}

/** Thousandths of a percent. Without an address, and in the United States without a state, nothing is collected. */
export function taxRate(address: Pick<Address, 'country' | 'state'> | null, taxId: string | null): number {
  if (address === null) return 0;
  const { country } = address;
  // A business with a VAT number accounts for the tax itself (reverse charge, VAT directive, article 196).
  if (EU.has(country) && taxId !== null && taxIdKind(taxId) === 'eu_vat') return 0;
  const state = (address.state ?? '').toUpperCase().replace(`${country}-`, '');
  return STATE_RATES[country]?.[state] ?? COUNTRY_RATES[country] ?? 0;
}

export function taxBehaviorOf(option: TaxOption | null, country: string | null): 'inclusive' | 'exclusive' {
  if (option === 'inclusive' || option === 'exclusive') return option;
  return country === null || EXCLUSIVE_COUNTRIES.includes(country) ? 'exclusive' : 'inclusive';
}

interface Taxed {
  net: number;
  tax: number;
  total: number;
}

/** Splits an amount after discounts. Inclusive tax is carved out of it, exclusive tax comes on top. Minor units. */
export function applyTax(amount: number, rate: number, behavior: 'inclusive' | 'exclusive'): Taxed {
  if (behavior === 'exclusive') {
    const tax = Math.round((amount * rate) / 100_000);
    return { net: amount, tax, total: amount + tax };
  }
  const tax = Math.round((amount * rate) / (100_000 + rate));
  return { net: amount - tax, tax, total: amount };
}
