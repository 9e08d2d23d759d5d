import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createConektaApi } from './api.ts';
import { createConektaCashier } from './cashier.ts';
import { createConektaContext } from './context.ts';
import { createConektaOperator } from './operator.ts';
import { PORTAL_PATH, createConektaPortal } from './portal.ts';

export function createConekta(sandbox: Sandbox): ProviderDesk {
  const context = createConektaContext(sandbox);
  const cashier = createConektaCashier(context);
  return {
    api: createConektaApi(context),
    cashier,
    checkoutPath: '/conekta/checkout',
    operator: createConektaOperator(context),
    portal: { path: PORTAL_PATH, desk: createConektaPortal(context) },
    invoices: null,
  };
}
