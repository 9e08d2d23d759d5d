import type { AccountKey } from '../../domain/provider-account.ts';
import type { DirectOption } from '../../domain/subscription/direct-routing.ts';

/** Whether a provider has been failing, as all processes together have seen it; null: it has not. */
export function isFailing(_deps: object, _key: AccountKey): DirectOption['whyNot'] {
  return null;
}
