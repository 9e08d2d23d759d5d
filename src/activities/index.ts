import { createCallGate } from './call-gate.ts';
import type { ActivityDeps } from './deps.ts';
import { createCheckProviderAccount } from './check-provider-account.ts';
import { createConnectProviderWebhook } from './connect-provider-webhook.ts';
import { createEndCheckout } from './end-checkout.ts';
import { createEndOrphanCheckouts } from './end-orphan-checkouts.ts';
import { createOpenCheckout } from './open-checkout.ts';
import { createListPrices, createPushPrice } from './push-price.ts';
import { createRefundPayment } from './refund-payment.ts';
import { createSettleCheckout } from './settle-checkout.ts';
import { createSettleSubscription } from './settle-subscription.ts';
import { createSweepDisputes } from './sweep-disputes.ts';
import { toApplicationFailure } from './to-application-failure.ts';

/** Every activity, by the name workflows call it. */
export function createActivities(deps: ActivityDeps) {
  const gate = createCallGate(deps.maxCallsInFlight);
  return {
    openCheckout: translated(createOpenCheckout(deps, gate)),
    settleCheckout: translated(createSettleCheckout(deps)),
    endCheckout: translated(createEndCheckout(deps)),
    endOrphanCheckouts: translated(createEndOrphanCheckouts(deps)),
    settleSubscription: translated(createSettleSubscription(deps)),
    refundPayment: translated(createRefundPayment(deps)),
    sweepDisputes: translated(createSweepDisputes(deps)),
    checkProviderAccount: translated(createCheckProviderAccount(deps)),
    listPrices: translated(createListPrices(deps)),
    pushPrice: translated(createPushPrice(deps)),
    connectProviderWebhook: translated(createConnectProviderWebhook(deps)),
  };
}

export type Activities = ReturnType<typeof createActivities>;

function translated<Input, Output>(work: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return async (input) => {
    try {
      return await work(input);
    } catch (error) {
      throw toApplicationFailure(error);
    }
  };
}
