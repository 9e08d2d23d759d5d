import { PaymentMethodEntity, type PaymentMethod } from '../db/entities/payment-method.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { BillingError } from '../domain/errors.ts';
import type { CustomerStep } from '../domain/subscription/customer-step.ts';
import type { PaymentMethodTruth } from '../providers/port-money.ts';
import { RowMoved } from './keep-in-step.ts';
import {
  notePaymentMethod,
  paymentMethodState,
  type PaymentMethodNews,
  type PaymentMethodState,
} from './note-payment-method.ts';

/** A stored payment method, as a workflow names it. */
export interface PaymentMethodRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly id: string;
}

/** How it stands, as its workflow must know it. */
export interface SettledPaymentMethod {
  readonly status: PaymentMethod['status'];
  readonly isDefault: boolean;
}

export function asSettledMethod({ status, isDefault }: PaymentMethod): SettledPaymentMethod {
  return { status, isDefault };
}

/** The columns that a provider's truth decides. */
export function paymentMethodColumns(truth: PaymentMethodTruth) {
  const { providerPaymentMethodId, providerCustomerId, type, brand, last4, expMonth, expYear, country } = truth;
  return { providerPaymentMethodId, providerCustomerId, type, brand, last4, expMonth, expYear, country };
}

/** What is kept of an attempt only while it runs. */
const spent = { token: null, returnUrl: null, nextStep: null } as const;
const unharmed = { failureCode: null, failureDetail: null } as const;

/**
 * It can be charged. One that we have already under another id is not stored twice: the row fails and names that one.
 *
 * @throws {RowMoved} read again
 */
export function keepActive(em: Db, read: PaymentMethod, truth: PaymentMethodTruth): Promise<PaymentMethod> {
  return em.fork().transactional(async (tx) => {
    const row = await unmoved(tx, read);
    const before = paymentMethodState(row);
    const { projectId, live, provider } = row;
    const { providerPaymentMethodId } = truth;
    const known = await tx.findOne(PaymentMethodEntity, { projectId, live, provider, providerPaymentMethodId });
    if (known && known.id !== row.id) {
      const failureDetail = { payment_method_id: known.id };
      tx.assign(row, { ...spent, status: 'failed', failureCode: 'payment_method_known', failureDetail });
      await notePaymentMethod(tx, row, newsOf(row, 'refused', `it is stored as ${known.id}`, before));
      return row;
    }
    const isDefault = row.isDefault || truth.isDefault;
    if (isDefault) await unsetDefaults(tx, row);
    tx.assign(row, { ...paymentMethodColumns(truth), ...spent, ...unharmed, status: 'active', isDefault });
    await notePaymentMethod(tx, row, newsOf(row, 'attached', `at ${provider}`, before));
    return row;
  });
}

/** The bank wants to see the customer first. */
export function keepWaiting(
  em: Db,
  read: PaymentMethod,
  truth: PaymentMethodTruth,
  nextStep: CustomerStep | null,
): Promise<PaymentMethod> {
  const columns = { ...paymentMethodColumns(truth), ...spent, nextStep, status: 'requires_action' as const };
  return change(em, read, columns, newsOf(read, 'waits_for_customer', 'the bank wants to see the customer'));
}

/** It never became usable; the row says why. */
export function keepFailed(
  em: Db,
  read: PaymentMethod,
  failureCode: string,
  failureDetail: Readonly<Record<string, unknown>> = {},
): Promise<PaymentMethod> {
  const columns = { ...spent, status: 'failed' as const, isDefault: false, failureCode, failureDetail };
  return change(em, read, columns, newsOf(read, 'refused', failureCode));
}

/** What was asked of it is refused for good; otherwise it stays as it was. */
export function keepRefusal(em: Db, read: PaymentMethod, error: BillingError): Promise<PaymentMethod> {
  const columns = { failureCode: error.code, failureDetail: error.details };
  return change(em, read, columns, newsOf(read, 'refused', error.code));
}

export function keepDetached(em: Db, read: PaymentMethod): Promise<PaymentMethod> {
  const columns = { ...spent, ...unharmed, status: 'detached' as const, isDefault: false };
  return change(em, read, columns, newsOf(read, 'detached', `from ${read.provider}`));
}

/** The organization's one default at its provider. */
export function keepDefault(em: Db, read: PaymentMethod): Promise<PaymentMethod> {
  return em.fork().transactional(async (tx) => {
    const row = await unmoved(tx, read);
    const before = paymentMethodState(row);
    await unsetDefaults(tx, row);
    tx.assign(row, { ...unharmed, isDefault: true });
    await notePaymentMethod(
      tx,
      row,
      newsOf(row, 'made_default', `renewals at ${row.provider} are charged to it`, before),
    );
    return row;
  });
}

/** Whether the provider said that this can never be done as it stands. */
export function isRefusedForGood(error: unknown): error is BillingError {
  return error instanceof BillingError && ['invalid', 'conflict', 'not_found', 'forbidden'].includes(error.kind);
}

function newsOf(
  row: PaymentMethod,
  action: PaymentMethodNews['action'],
  detail: string,
  before: PaymentMethodState = paymentMethodState(row),
): PaymentMethodNews {
  return { action, detail, before, actor: `payment-method/${row.id}` };
}

/** Before another becomes it: the database allows one. */
async function unsetDefaults(tx: Db, row: PaymentMethod): Promise<void> {
  const { projectId, live, organizationId, provider } = row;
  const lost = await tx.execute<{ id: string }[]>(
    `update payment_methods set is_default = false, version = version + 1, updated_at = now()
     where project_id = ? and live = ? and organization_id = ? and provider = ? and is_default and status = 'active'
       and id <> ? returning id`,
    [projectId, live, organizationId, provider, row.id],
  );
  for (const { id } of lost)
    recordAudit(tx, {
      ...{ projectId, live, actor: `payment-method/${row.id}`, action: 'payment_method.no_longer_default' },
      ...{ entityKind: 'payment_method', entityId: id, detail: `${row.id} is now` },
      ...{ before: { status: 'active', is_default: true }, after: { status: 'active', is_default: false } },
    });
}

async function unmoved(tx: Db, read: PaymentMethod): Promise<PaymentMethod> {
  const row = await tx.findOneOrFail(PaymentMethodEntity, { id: read.id, projectId: read.projectId, live: read.live });
  if (row.version !== read.version) throw new RowMoved();
  return row;
}

function change(
  em: Db,
  read: PaymentMethod,
  columns: Partial<PaymentMethod>,
  news: PaymentMethodNews,
): Promise<PaymentMethod> {
  return em.fork().transactional(async (tx) => {
    const row = await unmoved(tx, read);
    tx.assign(row, columns);
    await notePaymentMethod(tx, row, news);
    return row;
  });
}
