import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import type { Db } from '../../db/orm.ts';
import { findPaymentMethod } from '../../db/queries/payment-methods.ts';
import { attachStart, paymentMethodStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { explainRefusal } from './explain-refusal.ts';

type Deps = Pick<ApiDeps, 'logger' | 'temporal'>;

/**
 * Has the workflow attach it, once however often this is called, and answers the row as it then stands: `attaching` when
 * the outcome is not known within 8 s.
 *
 * @throws {BillingError} why it came to nothing, as the row has it
 */
export async function attachPaymentMethod(deps: Deps, em: Db, row: PaymentMethod): Promise<PaymentMethod> {
  const settled = row.status === 'attaching' ? await ask(deps, em, row, attachStart(row)) : row;
  if (settled.status === 'failed') throw explainRefusal(settled.failureCode ?? 'unknown', settled.failureDetail);
  return settled;
}

/**
 * Has a workflow take it away or make it the default, and answers the row as it then stands.
 *
 * @throws {BillingError} why the provider refused
 */
export async function changePaymentMethod(
  deps: Deps,
  em: Db,
  row: PaymentMethod,
  act: 'detach' | 'default',
): Promise<PaymentMethod> {
  const changed = await ask(deps, em, row, paymentMethodStart(row, act));
  if (changed.failureCode !== null && changed.version > row.version)
    throw explainRefusal(changed.failureCode, changed.failureDetail);
  return changed;
}

async function ask(
  deps: Deps,
  em: Db,
  row: PaymentMethod,
  start: Parameters<ApiDeps['temporal']['runToEnd']>[0],
): Promise<PaymentMethod> {
  await askWorkflow(deps.logger, { payment_method_id: row.id }, (deadline) => deps.temporal.runToEnd(start, deadline));
  return (await findPaymentMethod(em.fork(), row, row.id)) ?? row;
}
