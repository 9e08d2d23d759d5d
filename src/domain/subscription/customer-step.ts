/** What the customer must do before a subscription or payment method can begin. */
export type CustomerStep =
  | { readonly kind: 'redirect'; readonly url: string }
  /** Confirm in the provider's own browser script. */
  | { readonly kind: 'confirm'; readonly clientSecret: string };

/**
 * Who renews. `provider`: it charges by itself. `voucher`: nobody does, so we issue a voucher per period. `none`: it
 * costs nothing.
 */
export type Collection = 'provider' | 'voucher' | 'none';
