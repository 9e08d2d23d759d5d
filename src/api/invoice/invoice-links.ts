import { setTimeout as sleep } from 'node:timers/promises';
import type { Invoice } from '../../db/entities/payment.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import type { InvoiceLinks } from '../../present/invoice.ts';
import type { ProviderClient } from '../../providers/port.ts';
import type { ApiDeps } from '../deps.ts';

type InvoiceOperations = NonNullable<ProviderClient['invoices']>;
type InvoiceDocument = Awaited<ReturnType<NonNullable<InvoiceOperations['document']>>>;

const lifeMs = 24 * 3_600_000;

/** A provider that makes people wait for a paper is asked again at the next read. */
const patienceMs = 3_000;

/** Links to our own invoice. Whoever has one sees that invoice, for a day; without a key ring they need a key. */
export function ownInvoiceLinks(
  deps: Pick<ApiDeps, 'keyRing' | 'settings'>,
  row: Pick<Invoice, 'id' | 'projectId' | 'status'>,
): InvoiceLinks {
  if (row.status === 'draft') return { hostedUrl: null, pdfUrl: null };
  const { publicUrl } = deps.settings;
  if (deps.keyRing === null) {
    const pdfUrl = `${publicUrl}/api/v1/billing/invoices/${row.id}/pdf`;
    return { hostedUrl: pdfUrl, pdfUrl };
  }
  const hostedUrl = `${publicUrl}/invoices/${sealInvoice(deps.keyRing, row, Date.now() + lifeMs)}`;
  return { hostedUrl, pdfUrl: `${hostedUrl}/pdf` };
}

/** The links as they are known without asking anybody: the provider's for keeps, else ours. */
export function storedInvoiceLinks(deps: Pick<ApiDeps, 'keyRing' | 'settings'>, row: Invoice): InvoiceLinks {
  return preferred(row, ownInvoiceLinks(deps, row));
}

/** The links as they are now: read anew at a provider whose own live briefly, never stored. */
export async function freshInvoiceLinks(deps: ApiDeps, row: Invoice): Promise<InvoiceLinks> {
  const own = ownInvoiceLinks(deps, row);
  const account = await deps.providers.account(row.projectId, row.live, row.provider);
  const invoices = account?.client.invoices;
  if (!invoices?.document || row.providerInvoiceId === null) return preferred(row, own);
  const patience = new AbortController();
  const late = sleep(patienceMs, null, { signal: patience.signal });
  // A provider that is away costs a paper of theirs, not the answer; the call itself was measured where it was made.
  const read = invoices.document(row.providerInvoiceId).catch(() => null);
  try {
    return preferred(linksOf(await Promise.race([read, late])), own);
  } finally {
    patience.abort();
    late.catch(() => undefined);
  }
}

function linksOf(document: InvoiceDocument | null): InvoiceLinks {
  return document?.state === 'ready' ? document : { hostedUrl: null, pdfUrl: null };
}

function preferred(theirs: InvoiceLinks, own: InvoiceLinks): InvoiceLinks {
  return { hostedUrl: theirs.hostedUrl ?? own.hostedUrl, pdfUrl: theirs.pdfUrl ?? own.pdfUrl };
}

/** What opens one invoice: sealed with the key ring, so that nobody makes or stretches one. */
function sealInvoice(keyRing: KeyRing, row: Pick<Invoice, 'id' | 'projectId'>, untilMs: number): string {
  const claim = ['invoice', row.projectId, row.id, Math.floor(untilMs / 1_000)].join('|');
  return keyRing.encrypt(Buffer.from(claim)).toString('base64url');
}

/** @returns null: not ours, changed, or run out. */
export function openInvoiceToken(
  keyRing: KeyRing | null,
  token: string,
  nowMs: number,
): { readonly projectId: string; readonly id: string } | null {
  if (keyRing === null || token.length > 400) return null;
  try {
    const claim = keyRing.decrypt(Buffer.from(token, 'base64url')).toString('utf8');
    const [kind, projectId, id, until] = claim.split('|');
    if (kind !== 'invoice' || projectId === undefined || id === undefined) return null;
    return Number(until) * 1_000 > nowMs ? { projectId, id } : null;
  } catch {
    return null; // any other bytes
  }
}
