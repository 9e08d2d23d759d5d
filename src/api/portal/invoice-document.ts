import type { Invoice } from '../../db/entities/payment.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { webAddress } from './html.ts';

/**
 * Where the document of an invoice is now: a provider's links are short-lived, so they are read when somebody clicks.
 *
 * @throws {BillingError} `document_pending`, `document_none`, or the provider's
 */
export async function findInvoiceDocument(deps: ApiDeps, row: Invoice): Promise<string> {
  const account = await deps.providers.account(row.projectId, row.live, row.provider);
  const document = await account?.client.invoices?.document?.(row.providerInvoiceId);
  if (document?.state === 'generating') throw refusal('document_pending', 'The document is being made.');
  const found = document?.state === 'ready' ? document : { hostedUrl: row.hostedUrl, pdfUrl: row.pdfUrl };
  const address = webAddress(found.pdfUrl) ?? webAddress(found.hostedUrl);
  if (address === null) throw refusal('document_none', 'The invoice has no document.');
  return address;
}
