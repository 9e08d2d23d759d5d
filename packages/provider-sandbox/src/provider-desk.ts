import type { Cashier } from './cashier.ts';
import type { ProviderApi } from './http/provider-api.ts';
import type { OperatorDesk } from './operator.ts';
import type { InvoiceDesk, PortalDesk } from './portal.ts';

/** One provider's stand-in for one account: its API and what people do on its pages and in its dashboard. */
export interface ProviderDesk {
  api: ProviderApi;
  cashier: Cashier;
  /** Where the hosted checkout's pages live, such as `/polar/checkout`; the id follows. */
  checkoutPath: string;
  operator: OperatorDesk | null;
  portal: { path: string; desk: PortalDesk } | null;
  invoices: { path: string; desk: InvoiceDesk } | null;
}
