import type { Db } from '../db/orm.ts';
import { BillingError, type ErrorKind } from '../domain/errors.ts';
import type { DirectPaymentTruth } from '../providers/port-money.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import { ensureProviderCustomer, readCustomer } from './ensure-provider-customer.ts';
import type { ReservedVoucher } from './reserve-voucher.ts';
import { periodOfInvoice } from './voucher-invoices.ts';

/** `refused`: surely nothing was made. `absent`: it was asked for, and the provider shows nothing of it. */
export type OrderedVoucher =
  | { readonly outcome: 'issued'; readonly truth: DirectPaymentTruth }
  | { readonly outcome: 'absent' }
  | {
      readonly outcome: 'refused';
      readonly code: string;
      readonly details: Readonly<Record<string, unknown>>;
      /** null: a bank's or shop's answer. */
      readonly error: BillingError | null;
    };

/** After a call of unknown outcome the provider may take this long to show what it made. */
const clearAfterMs = 30_000;

/**
 * Asks the provider for a voucher, once: a voucher that was asked for before is looked for first, and so is one whose
 * answer was lost.
 *
 * @param canLeave Another provider can issue it: what this one does not show is not asked for here again. A voucher whose
 *   reference nobody was given is paid by nobody, should it turn up later.
 * @throws {BillingError} `outcome_unknown` (unavailable): the same again, later; whatever else is `unavailable` or
 *   `rate_limited`.
 */
export async function orderVoucher(
  em: Db,
  client: ProviderClient,
  reserved: ReservedVoucher,
  canLeave = false,
): Promise<OrderedVoucher> {
  if (!reserved.isFresh) {
    const made = await findVoucher(em, client, reserved);
    if (made) return { outcome: 'issued', truth: made };
    const age = Date.now() - reserved.invoice.createdAt.getTime();
    if (age < clearAfterMs) throw outcomeUnknown(reserved.row.provider);
    if (canLeave) return { outcome: 'absent' };
  }
  const answer = await ask(em, client, reserved);
  if (answer.outcome !== 'unknown') return answer;
  const made = await findVoucher(em, client, reserved);
  if (made) return { outcome: 'issued', truth: made };
  throw outcomeUnknown(reserved.row.provider);
}

async function ask(
  em: Db,
  client: ProviderClient,
  reserved: ReservedVoucher,
): Promise<OrderedVoucher | { readonly outcome: 'unknown' }> {
  const { payments } = client;
  const { provider } = reserved.row;
  if (!payments) return { outcome: 'refused', code: 'not_supported_by_provider', details: { provider }, error: null };
  try {
    const customer = await ensureProviderCustomer(em, client, reserved.row);
    const answer = await payments.create({ ...orderOf(reserved), customer });
    if (answer.outcome === 'unknown') return { outcome: 'unknown' };
    if (answer.outcome !== 'declined') return { outcome: 'issued', truth: answer.value };
    const details = { provider, provider_code: answer.providerCode };
    return { outcome: 'refused', code: answer.declineCode, details, error: null };
  } catch (error) {
    if (!(error instanceof BillingError) || !isRefusal[error.kind]) throw error;
    return { outcome: 'refused', code: error.code, details: error.details, error };
  }
}

/** Whether an error says that nothing was made and that the same again would not be either. */
const isRefusal = {
  ...{ invalid: true, not_found: true, conflict: true, forbidden: true },
  ...{ rate_limited: false, unavailable: false, bug: false },
} satisfies Record<ErrorKind, boolean>;

/** What the provider made of a reservation; null: nothing that it shows. */
export async function findVoucher(
  em: Db,
  client: ProviderClient,
  { row, invoice }: Pick<ReservedVoucher, 'row' | 'invoice'>,
): Promise<DirectPaymentTruth | null> {
  const { providerCustomerId } = await readCustomer(em, row);
  const found = await client.payments?.find({
    businessId: businessIdOf({ row, invoice }),
    providerCustomerId,
    createdAfter: new Date(invoice.createdAt.getTime() - clearAfterMs).toISOString(), // clocks differ
  });
  return found?.find(({ metadata }) => metadata.invoice_id === invoice.id) ?? null;
}

function orderOf(reserved: ReservedVoucher) {
  const { row, invoice, generation } = reserved;
  const { projectId, organizationId, provider, voucherMethod: method } = row;
  const businessId = businessIdOf(reserved);
  const { start, end } = periodOfInvoice(invoice);
  return {
    businessId,
    idempotencyKey: callKey({ projectId, operation: 'payments.create', businessId, provider, generation }),
    amount: { amountMinor: invoice.totalMinor, currency: invoice.currency },
    description: `${invoice.lineItems[0]?.description ?? row.planId}, ${dateOf(start)} – ${dateOf(end)}`,
    source: { kind: 'voucher', method, expiresAt: (invoice.dueAt ?? new Date()).toISOString() },
    returnUrl: null,
    metadata: {
      ...row.metadata,
      ...{ subscription_id: row.id, invoice_id: invoice.id, organization_id: organizationId, project_id: projectId },
    },
  } as const;
}

function businessIdOf({ row, invoice }: Pick<ReservedVoucher, 'row' | 'invoice'>): string {
  return `${row.id}/${dateOf(periodOfInvoice(invoice).start)}`;
}

function dateOf(instant: string): string {
  return instant.slice(0, 10);
}

function outcomeUnknown(provider: string): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: `It is not known yet whether ${provider} issued the voucher; it is being asked.`,
    details: { provider },
    retryAfterMs: 15_000,
  });
}
