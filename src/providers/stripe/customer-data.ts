import type Stripe from 'stripe';
import { z } from 'zod';
import type { CustomerDataOperations } from '../port-records.ts';
import { stripeAbilities } from './abilities.ts';
import type { StripeApi } from './client.ts';
import { everyItem } from './page.ts';
import { listOf } from './wire.ts';

/** As Stripe gave it: nothing is dropped. */
const anything = z.looseObject({ id: z.string() });
const customer = z.looseObject({ id: z.string(), deleted: z.boolean().optional() });

type ListPage = { readonly limit: number; readonly starting_after?: string };
type Section = (id: string, page: ListPage, stripe: Stripe, options: Stripe.RequestOptions) => Promise<unknown>;

const SECTIONS: Readonly<Record<string, Section>> = {
  payment_methods: (id, page, stripe, options) => stripe.customers.listPaymentMethods(id, page, options),
  subscriptions: (id, page, stripe, options) =>
    stripe.subscriptions.list({ customer: id, status: 'all', ...page }, options),
  checkout_sessions: (id, page, stripe, options) => stripe.checkout.sessions.list({ customer: id, ...page }, options),
  payment_intents: (id, page, stripe, options) => stripe.paymentIntents.list({ customer: id, ...page }, options),
  setup_intents: (id, page, stripe, options) => stripe.setupIntents.list({ customer: id, ...page }, options),
  charges: (id, page, stripe, options) => stripe.charges.list({ customer: id, ...page }, options),
  invoices: (id, page, stripe, options) => stripe.invoices.list({ customer: id, ...page }, options),
  credit_notes: (id, page, stripe, options) => stripe.creditNotes.list({ customer: id, ...page }, options),
  tax_ids: (id, page, stripe, options) => stripe.customers.listTaxIds(id, page, options),
};

export function createStripeCustomerData(api: StripeApi): CustomerDataOperations {
  const read = (id: string) =>
    api.find({
      operation: 'customer_data.get',
      reply: customer,
      budget: api.budget(),
      send: (stripe, options) => stripe.customers.retrieve(id, {}, options),
    });
  return {
    /** One section after the other: an export is in no hurry, and rate limits are the account's. */
    async export({ providerCustomerId: id }) {
      const found = await read(id);
      if (!found || found.deleted) return null;
      const sections: Record<string, readonly unknown[]> = { customer: [found] };
      for (const [name, send] of Object.entries(SECTIONS)) {
        sections[name] = await everyItem(
          api,
          {
            operation: `customer_data.${name}`,
            reply: listOf(anything),
            budget: api.budget(),
            send: (stripe, page, options) => send(id, page, stripe, options),
          },
          100,
        );
      }
      return sections;
    },
    /** A deleted customer can still be read as deleted, which tells a repeat from a stranger. */
    async erase({ providerCustomerId: id }) {
      const found = await read(id);
      if (!found) return { outcome: 'not_found', retained: [] };
      if (!found.deleted) {
        await api.find({
          operation: 'customer_data.erase',
          reply: z.unknown(),
          budget: api.budget(),
          send: (stripe, options) => stripe.customers.del(id, options),
        });
      }
      return { outcome: 'erased', retained: stripeAbilities.retains };
    },
  };
}
