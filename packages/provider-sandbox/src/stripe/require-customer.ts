import type { StripeContext } from './context.ts';
import { noSuch } from './errors.ts';
import type { Customer } from './objects.ts';

/** A live customer, or the failure the API gives. */
export function requireCustomer(stripe: StripeContext, id: string, param: string, status: 400 | 404): Customer {
  const customer = stripe.customers.get(id);
  if (!customer || customer.deleted) throw noSuch('customer', id, param, status);
  return customer;
}
