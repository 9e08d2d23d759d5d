import { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import { OutcomeUnknownError } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { InvoiceDocument, InvoiceOperations } from '../port-money.ts';
import { mapProviderInvoice } from './map-money.ts';
import { findOrder, paymentsOf } from './orders.ts';
import { readPage } from './paging.ts';
import { polarDocument, polarOrder } from './wire-money.ts';

/** An invoice that has not come by then is asked for again. */
const PATIENCE_MS = 30_000;

/** Polar has orders; an invoice is a paper made of one on request. It collects by itself, so there is no `pay`. */
export function createPolarInvoices(api: JsonApi): InvoiceOperations {
  const asked = new Map<string, number>();
  return {
    async get(id) {
      const order = await findOrder(api, id);
      return order && mapProviderInvoice(order, await paymentsOf(api, [order]));
    },
    async list({ providerCustomerId, providerSubscriptionId, ...query }) {
      const page = await readPage(
        api,
        {
          operation: 'orders.list',
          path: '/v1/orders/',
          query: {
            customer_id: providerCustomerId,
            subscription_id: providerSubscriptionId ?? null,
            sorting: '-created_at',
          },
          item: polarOrder,
        },
        query,
      );
      const payments = await paymentsOf(api, page.items);
      return {
        items: page.items.map((order) => mapProviderInvoice(order, payments)),
        nextCursor: page.nextCursor,
      };
    },
    document: (id) => readDocument(api, id, asked),
  };
}

/**
 * The invoice where it has been made; else it is asked for. An order without billing details has only a receipt.
 *
 * @param asked When each order's was last asked for here: every asking starts a job of Polar's, and people poll.
 */
async function readDocument(api: JsonApi, id: string, asked: Map<string, number>): Promise<InvoiceDocument> {
  const made = await readInvoice(api, id);
  if (made) return made;
  const nowMs = Date.now();
  for (const [order, askedMs] of asked) if (nowMs - askedMs > PATIENCE_MS) asked.delete(order);
  if (asked.has(id)) return { state: 'generating' };
  try {
    const isAsked = await api.find({
      operation: 'orders.invoice',
      method: 'POST',
      path: `/v1/orders/${encodeURIComponent(id)}/invoice`,
      reply: z.unknown().transform(() => true),
    });
    if (!isAsked) return { state: 'none' };
    asked.set(id, nowMs);
    return { state: 'generating' };
  } catch (error) {
    // 409: a draft or void order, or made between our two questions.
    if (isConflict(error)) return (await readInvoice(api, id)) ?? { state: 'none' };
    if (isRefused(error)) return readReceipt(api, id);
    throw error;
  }
}

async function readInvoice(api: JsonApi, id: string): Promise<InvoiceDocument | null> {
  const invoice = await api.find({
    operation: 'orders.invoice.get',
    method: 'GET',
    path: `/v1/orders/${encodeURIComponent(id)}/invoice`,
    reply: polarDocument,
  });
  return invoice ? { state: 'ready', pdfUrl: invoice.url, hostedUrl: null } : null;
}

async function readReceipt(api: JsonApi, id: string): Promise<InvoiceDocument> {
  const receipt = await api.find({
    operation: 'orders.receipt.get',
    method: 'GET',
    path: `/v1/orders/${encodeURIComponent(id)}/receipt`,
    // 202 with nothing in it: being made.
    reply: polarDocument.transform((document) => ({ url: document?.url ?? null })),
  });
  if (!receipt) return { state: 'none' };
  return receipt.url === null ? { state: 'generating' } : { state: 'ready', pdfUrl: receipt.url, hostedUrl: null };
}

function isConflict(error: unknown): boolean {
  return error instanceof OutcomeUnknownError && error.details.status === 409;
}

/** 422 `MissingInvoiceBillingDetails`. */
function isRefused(error: unknown): boolean {
  return error instanceof BillingError && error.details.provider_code === 'MissingInvoiceBillingDetails';
}
