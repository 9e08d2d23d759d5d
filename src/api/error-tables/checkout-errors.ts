import type { ErrorPage } from './error-page.ts';

/** Why a checkout is refused. */
export const checkoutErrors = {
  country_blocked: {
    kind: 'forbidden',
    title: 'Sales to this country are blocked',
    meaning: 'The best evidence places the buyer in a country or region that the operator does not sell to.',
    fix: 'Nothing to mend in the request. If the country is wrong, send the billing address.',
  },
  product_not_found: {
    kind: 'invalid',
    title: 'No such product',
    meaning: '`product_id` is no plan or product on sale here: neither by id, nor key, nor an id mapped at a provider.',
    fix: 'List the plans with `GET /api/v1/billing/plans`.',
  },
  price_not_found: {
    kind: 'invalid',
    title: 'Not priced that way',
    meaning: 'The product has no price in this currency and billing interval.',
    fix: 'Leave `currency` out, or choose one of the prices that the plan lists.',
  },
  contact_sales: {
    kind: 'invalid',
    title: 'Sold by contact only',
    meaning: 'This plan has no public price. `contact_url` tells where to ask.',
    fix: 'Send the buyer to `contact_url`.',
  },
  payment_method_unavailable: {
    kind: 'invalid',
    title: 'None of the wished payment methods fits',
    meaning: 'No provider that could serve this checkout offers any of `payment_methods` for it.',
    fix: 'Leave `payment_methods` out to offer all that fit.',
  },
  payment_method_not_found: {
    kind: 'invalid',
    title: 'No such payment method',
    meaning: 'The organization has no stored payment method with this id.',
    fix: 'Leave `payment_method_id` out to let the buyer enter one.',
  },
  email_required: {
    kind: 'invalid',
    title: 'An e-mail address is needed',
    meaning: 'The provider that serves this checkout does not open one without an e-mail address.',
    fix: 'Send `email`, or set it on the organization.',
  },
  name_required: {
    kind: 'invalid',
    title: 'A name is needed',
    meaning: 'The provider that serves this checkout does not open one without a name.',
    fix: 'Send `name`, or set it on the organization.',
  },
  phone_required: {
    kind: 'invalid',
    title: 'A phone number is needed',
    meaning: 'The provider that serves this checkout does not open one without a phone number.',
    fix: 'Send `phone`, set it on the organization, or give the project a `default_phone`.',
  },
  redirect_not_allowed: {
    kind: 'invalid',
    title: 'The URL is outside the allowed origins',
    meaning: 'Buyers are only sent to origins listed for the project.',
    fix: "Use one of the project's origins, or have the operator add yours.",
  },
  discount_code_unknown: {
    kind: 'invalid',
    title: 'Unknown discount code',
    meaning: 'The provider that serves the checkout knows no such code, or it is over.',
    fix: 'Correct the code, or leave it out.',
  },
  already_subscribed: {
    kind: 'conflict',
    title: 'Already subscribed',
    meaning: 'The organization has a live subscription to this plan; a second one would charge twice.',
    fix: 'Change the existing subscription instead.',
  },
  no_provider_available: {
    kind: 'unavailable',
    title: 'No provider can serve this now',
    meaning: 'Every provider that routing allows is missing, cannot express the request, or failed just now.',
    fix: 'Repeat after `Retry-After` seconds.',
  },
} as const satisfies Record<string, ErrorPage>;
