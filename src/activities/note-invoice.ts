import type { Invoice } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import type { AuditInput } from '../db/queries/audit.ts';
import type { EventType } from '../domain/events.ts';
import { presentInvoice } from '../present/invoice.ts';
import { noteChange } from './keep-in-step.ts';
import { recordEvents } from './record-event.ts';

type InvoiceState = Pick<
  Invoice,
  'status' | 'number' | 'totalMinor' | 'amountPaidMinor' | 'amountRefundedMinor' | 'taxMinor' | 'providerPaymentId'
> & { /** How many are known. */ readonly lines: number };

export function invoiceState(row: Invoice): InvoiceState {
  const { status, number, totalMinor, amountPaidMinor, amountRefundedMinor, taxMinor, providerPaymentId } = row;
  const paid = { amountPaidMinor, amountRefundedMinor, taxMinor, providerPaymentId };
  return { status, number, totalMinor, ...paid, lines: row.lineItems.length };
}

/**
 * Tells what became of an invoice, in its transaction: audit and event. The same state again is not told.
 *
 * @param before null: it is new.
 */
export async function noteInvoice(tx: Db, row: Invoice, before: InvoiceState | null): Promise<void> {
  const after = invoiceState(row);
  if (before !== null && textOf(before) === textOf(after)) return;
  noteChange(tx);
  await tx.flush(); // the row's lock: its events come one after the other
  const isPaid = wasCollected(after) && (before === null || !wasCollected(before));
  const types: readonly EventType[] =
    before === null
      ? ['invoice.created', ...(isPaid ? (['invoice.paid'] as const) : [])]
      : [isPaid ? 'invoice.paid' : 'invoice.updated'];
  const { projectId, live, organizationId } = row;
  const told = { projectId, live, organizationId, objectKind: 'invoice', objectId: row.id, cause: null };
  const data = presentInvoice(row);
  await recordEvents(
    tx,
    types.map((type) => ({ ...told, type, data })),
    types.map((type) => entryOf(row, type, before)),
  );
}

function textOf(state: InvoiceState): string {
  return Object.values(state).join('|');
}

function wasCollected({ status }: InvoiceState): boolean {
  return status === 'paid' || status === 'refunded' || status === 'partially_refunded';
}

function entryOf(row: Invoice, type: EventType, before: InvoiceState | null): AuditInput {
  const { projectId, live } = row;
  return {
    ...{ projectId, live, actor: `provider:${row.provider}`, action: type, entityKind: 'invoice', entityId: row.id },
    detail: `${row.status}: ${row.amountPaidMinor} of ${row.totalMinor} ${row.currency} minor units paid, ${row.amountRefundedMinor} refunded`,
    ...(before && { before }),
    after: invoiceState(row),
  };
}
