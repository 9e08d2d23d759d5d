import { setTimeout as sleep } from 'node:timers/promises';
import { InvoiceEntity, type Invoice } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import type { InvoiceTruth } from '../domain/checkout/truth.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { MoneyOwner } from './record-money.ts';

/** More are read at the next look: a long history must not make one look slow. */
const atOnce = 5;

/** The look at the money itself must be done within a workflow task. */
const patienceMs = 3_000;

/**
 * Asks the provider for the lines of invoices that we have not read yet, or whose total has moved; nothing is asked for
 * the others. A paper that cannot be read now holds up no money: its lines come with the next look.
 */
export async function readInvoiceLines(
  em: Db,
  client: ProviderClient,
  owner: Pick<MoneyOwner, 'projectId' | 'live' | 'provider'>,
  invoices: readonly InvoiceTruth[],
): Promise<readonly InvoiceTruth[]> {
  if (invoices.every((truth) => truth.lines !== undefined)) return invoices;
  const { projectId, live, provider } = owner;
  const ids = invoices.map(({ providerInvoiceId }) => providerInvoiceId);
  const rows = await em.find(InvoiceEntity, { projectId, live, provider, providerInvoiceId: { $in: ids } });
  const isRead = (truth: InvoiceTruth) =>
    hasLines(
      rows.find(({ providerInvoiceId }) => providerInvoiceId === truth.providerInvoiceId),
      truth,
    );
  const untold = invoices.filter((truth) => truth.lines === undefined && !isRead(truth));
  const wanted = new Set(untold.slice(-atOnce));
  return Promise.all(invoices.map(async (truth) => (wanted.has(truth) ? withLines(client, truth) : truth)));
}

function hasLines(row: Invoice | undefined, truth: InvoiceTruth): boolean {
  if (row === undefined || row.lineItems.length === 0) return false;
  const wasDraft = row.status === 'draft' && truth.status !== 'draft';
  return !wasDraft && row.totalMinor === truth.total.amountMinor;
}

async function withLines(client: ProviderClient, truth: InvoiceTruth): Promise<InvoiceTruth> {
  const { invoices } = client;
  if (!invoices) return { ...truth, lines: [] };
  const patience = new AbortController();
  const late = sleep(patienceMs, truth, { signal: patience.signal });
  const told = invoices
    .get(truth.providerInvoiceId)
    .then((read) => ({ ...truth, lines: read?.lines ?? [], billingReason: read?.billingReason ?? null }))
    .catch(() => truth); // the call itself was measured and counted where it was made
  try {
    return await Promise.race([told, late]);
  } finally {
    patience.abort();
    late.catch(() => undefined);
  }
}
