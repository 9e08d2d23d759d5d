import type { Invoice } from '../../db/entities/payment.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { freshInvoiceLinks } from '../invoice/invoice-links.ts';
import { webAddress } from './html.ts';

/**
 * Where the document of an invoice is now: a provider's links are short-lived, so they are read when somebody clicks.
 *
 * @throws {BillingError} `document_none`: it is a draft
 */
export async function findInvoiceDocument(deps: ApiDeps, row: Invoice): Promise<string> {
  const { pdfUrl, hostedUrl } = await freshInvoiceLinks(deps, row);
  const address = webAddress(hostedUrl) ?? webAddress(pdfUrl);
  if (address === null) throw refusal('document_none', 'The invoice has no document yet.');
  return address;
}
