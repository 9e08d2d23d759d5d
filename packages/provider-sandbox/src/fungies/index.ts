import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';
import { createFungiesApi } from './api.ts';
import { createFungiesCashier } from './cashier.ts';
import { createFungiesContext } from './context.ts';
import { createFungiesInvoices } from './invoices.ts';
import { createFungiesOperator } from './operator.ts';
import { createFungiesPortal, PORTAL_PATH } from './portal.ts';
import { SALE_PATH } from './sales.ts';

export function createFungies(sandbox: Sandbox): ProviderDesk {
  const fungies = createFungiesContext(sandbox);
  return {
    api: createFungiesApi(fungies),
    cashier: createFungiesCashier(fungies),
    // Links to `/fungies/store/checkout/<offerId>?…` begin a sale and go on to its page.
    checkoutPath: SALE_PATH,
    operator: createFungiesOperator(fungies),
    portal: { path: PORTAL_PATH, desk: createFungiesPortal(fungies) },
    invoices: { path: '/fungies/store/invoice', desk: createFungiesInvoices(fungies) },
  };
}
