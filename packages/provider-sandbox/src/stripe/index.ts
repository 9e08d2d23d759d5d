import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createStripeApi } from './api.ts';
import { createStripeCashier } from './cashier.ts';
import { createStripeContext } from './context.ts';

export function createStripe(sandbox: Sandbox): ProviderDesk {
  const context = createStripeContext(sandbox);
  const cashier = createStripeCashier(context);
  return {
    api: createStripeApi(context),
    cashier,
    checkoutPath: '/c/pay',
    operator: null,
    portal: null,
    invoices: null,
  };
}
