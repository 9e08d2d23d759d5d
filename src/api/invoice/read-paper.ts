import type { Invoice } from '../../db/entities/payment.ts';
import type { Db } from '../../db/orm.ts';
import { findOrganization } from '../../db/queries/organizations.ts';
import { findProject } from '../../db/queries/projects.ts';
import type { ApiDeps } from '../deps.ts';
import { invoicePaper, type InvoicePaper } from './invoice-paper.ts';
import { invoiceWords } from './invoice-words.ts';

/** Everything that stands on our own paper of an invoice. @param accepted The reader's `Accept-Language`. */
export async function readPaper(
  em: Db,
  deps: Pick<ApiDeps, 'providers'>,
  invoice: Invoice,
  accepted: string | undefined,
): Promise<InvoicePaper> {
  const { projectId, live } = invoice;
  const project = await findProject(em, projectId);
  return invoicePaper({
    invoice,
    seller: project?.name ?? projectId,
    organization: await findOrganization(em, { projectId, live, id: invoice.organizationId }),
    isMerchantOfRecord: deps.providers.abilities(invoice.provider)?.merchantOfRecord ?? false,
    words: invoiceWords(accepted),
  });
}
