import type { Db } from '../orm.ts';

/**
 * Holds an invoice until the transaction ends. Whoever moves sums of a payment and of its invoice holds the invoice
 * first, then the payment: in two orders they would wait for each other for ever.
 */
export async function lockInvoice(tx: Db, invoiceId: string | null): Promise<void> {
  if (invoiceId === null) return;
  // As strong as an update of it, and no stronger: rows that refer to it may be added meanwhile.
  await tx.execute('select 1 from invoices where id = ? for no key update', [invoiceId], 'all');
}
