/**
 * SQL about a row of `stray_sessions`: found at its provider, which cannot end it. It is known, and watched until it
 * lapses. Of several the row remembers none, but says so.
 */
export const isFoundSession = `(provider_checkout_id is not null or coalesce(why, '') like '% payable%')`;
