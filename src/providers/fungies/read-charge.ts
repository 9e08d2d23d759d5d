import type { ChargeTruth } from '../../domain/payment/truth.ts';
import type { FungiesApi } from './client.ts';
import { readPayment } from './invoices.ts';
import { mapPayment, userOf } from './map.ts';

/** Payments carry no metadata: whose they are is told by the user, the order and the subscription. */
export async function readCharge(api: FungiesApi, id: string): Promise<ChargeTruth | null> {
  const payment = await readPayment(api, id);
  if (!payment) return null;
  const refs: readonly (readonly [string, string | null | undefined])[] = [
    ['payment', payment.id],
    ['order', payment.orderId],
    ['subscription', payment.subscriptionId],
  ];
  return {
    payment: mapPayment(payment),
    providerCustomerId: userOf(payment),
    metadata: {},
    objects: refs.flatMap(([kind, ref]) => (ref == null ? [] : [{ kind, id: ref }])),
  };
}
