import { invalid } from '../errors.ts';
import type { Customer, TaxAmount } from '../objects.ts';
import { STANDARD_RATES, US_STATES } from './rates.ts';

/** Where tax is due, and whether the customer owes it. */
export interface TaxPlace {
  country: string;
  state: string | null;
  exempt: 'none' | 'exempt' | 'reverse';
}

const fieldOf = (holder: unknown, name: string): string | null => {
  const value: unknown = typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : null;
  return typeof value === 'string' && value !== '' ? value : null;
};

/** From the customer's address, then the shipping address; null when neither names a country. */
export function placeOf(customer: Customer | undefined): TaxPlace | null {
  const shipping: unknown = customer?.['shipping'];
  const shippingAddress: unknown =
    typeof shipping === 'object' && shipping !== null ? Reflect.get(shipping, 'address') : null;
  const address = fieldOf(customer?.['address'], 'country') === null ? shippingAddress : customer?.['address'];
  const country = fieldOf(address, 'country');
  if (country === null) return null;
  const exempt = customer?.['tax_exempt'];
  return {
    country: country.toUpperCase(),
    state: fieldOf(address, 'state'),
    exempt: exempt === 'exempt' || exempt === 'reverse' ? exempt : 'none',
  };
}

export function requirePlace(customer: Customer | undefined): TaxPlace {
  const place = placeOf(customer);
  if (place) return place;
  throw invalid(
    "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
    { code: 'customer_tax_location_invalid', param: 'automatic_tax' },
  );
}

/** Percent of one place: none where nothing is known. */
function rateAt(place: TaxPlace): number {
  if (place.country === 'US') return US_STATES[place.state ?? ''] ?? 0;
  return STANDARD_RATES[place.country]?.percent ?? 0;
}

function reasonOf(place: TaxPlace, percent: number): string {
  if (place.exempt === 'reverse') return 'reverse_charge';
  if (place.exempt === 'exempt') return 'customer_exempt';
  return percent === 0 ? 'not_subject_to_tax' : 'standard_rated';
}

/** Tax of one line after its discounts. Inclusive tax is inside `net`, exclusive tax comes on top. */
export function taxOn(place: TaxPlace, net: number, behavior: 'exclusive' | 'inclusive'): TaxAmount {
  const percent = place.exempt === 'none' ? rateAt(place) : 0;
  const taxed = behavior === 'inclusive' ? net - net / (1 + percent / 100) : (net * percent) / 100;
  const amount = Math.sign(taxed) * Math.round(Math.abs(taxed));
  const state = place.country === 'US' && place.state !== null ? `_${place.state.toLowerCase()}` : '';
  return {
    amount,
    tax_behavior: behavior,
    tax_rate_details: { tax_rate: `txr_${place.country.toLowerCase()}${state}_${String(percent).replace('.', '_')}` },
    taxability_reason: reasonOf(place, percent),
    taxable_amount: behavior === 'inclusive' ? net - amount : net,
    type: 'tax_rate_details',
  };
}
