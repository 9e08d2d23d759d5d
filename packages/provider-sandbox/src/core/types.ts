export const PROVIDERS = ['polar', 'conekta', 'stripe', 'fungies'] as const;

export type ProviderId = (typeof PROVIDERS)[number];

export function isProviderId(value: unknown): value is ProviderId {
  return value === 'polar' || value === 'conekta' || value === 'stripe' || value === 'fungies';
}

/** Metadata as the providers hand it back: Stripe keeps strings only, the others scalars. */
export type Metadata = Record<string, unknown>;

export interface Address {
  line1: string | null;
  line2: string | null;
  postal_code: string | null;
  city: string | null;
  state: string | null;
  country: string;
}
