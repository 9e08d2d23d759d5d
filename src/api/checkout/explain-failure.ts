import type { Checkout } from '../../db/entities/checkout.ts';
import type { BillingError } from '../../domain/errors.ts';
import { stopRefusals, type StopRefusal } from '../../domain/routing/reaction.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { nobodyAvailable } from './decide-routing.ts';

/** Why a checkout failed, as its caller can mend it: what a provider refused for good, or that nobody could serve. */
export function explainFailure(row: Checkout): BillingError {
  const code = stopRefusals.find((known) => known === row.failureCode);
  return code === undefined ? nobodyAvailable() : explain(code);
}

function explain(code: StopRefusal): BillingError {
  switch (code) {
    case 'discount_code_unknown':
      return fieldRefusal(
        code,
        '/discount_code',
        'The provider that serves this checkout knows no such discount code.',
      );
    case 'amount_out_of_range':
      return fieldRefusal(code, '/quantity', 'The provider that serves this checkout does not take such a sum.');
    case 'email_invalid':
      return fieldRefusal(code, '/email', 'The provider that serves this checkout does not take this address.');
    case 'already_subscribed':
      return refusal(code, 'The provider has a live subscription of this buyer already.');
    case 'provider_refused':
      return refusal(code, 'The provider refused this checkout as it stands; nobody was charged.');
  }
}
