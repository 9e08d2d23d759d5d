import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createPolarApi } from './api.ts';
import { createPolarCashier } from './cashier.ts';
import { createPolarContext } from './context.ts';

export function createPolar(sandbox: Sandbox): ProviderDesk {
  const context = createPolarContext(sandbox);
  const cashier = createPolarCashier(context);
  return {
    api: createPolarApi(context, cashier),
    cashier,
    checkoutPath: '/polar/checkout',
    operator: null,
    portal: null,
    invoices: null,
  };
}
