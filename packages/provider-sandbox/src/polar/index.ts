import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createPolarApi } from './api.ts';
import { createPolarCashier } from './cashier.ts';
import { createPolarContext } from './context.ts';
import { createPolarInvoices, INVOICE_PATH } from './invoices.ts';
import { createPolarOperator } from './operator.ts';
import { createPolarPortal } from './portal-desk.ts';
import { PORTAL_PATH } from './sessions.ts';

export function createPolar(sandbox: Sandbox): ProviderDesk {
  const context = createPolarContext(sandbox);
  const cashier = createPolarCashier(context);
  return {
    api: createPolarApi(context, cashier),
    cashier,
    checkoutPath: '/polar/checkout',
    operator: createPolarOperator(context),
    portal: { path: PORTAL_PATH, desk: createPolarPortal(context) },
    invoices: { path: INVOICE_PATH, desk: createPolarInvoices(context) },
  };
}
