import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createStripeApi } from './api.ts';
import { createStripeCashier } from './cashier.ts';
import { createStripeContext } from './context.ts';
import { createStripeOperator } from './operator.ts';
import { createStripePortal } from './portal/desk.ts';
import { INVOICE_PATH, createStripeInvoices } from './portal/invoice-desk.ts';
import { PORTAL_PATH } from './portal/sessions.ts';

export function createStripe(sandbox: Sandbox): ProviderDesk {
  const context = createStripeContext(sandbox);
  const cashier = createStripeCashier(context);
  return {
    api: createStripeApi(context),
    cashier,
    checkoutPath: '/c/pay',
    operator: createStripeOperator(context),
    portal: { path: PORTAL_PATH, desk: createStripePortal(context) },
    invoices: { path: INVOICE_PATH, desk: createStripeInvoices(context) },
  };
}
