import { BillingError } from '../domain/errors.ts';
import { fittingMethods, type FallbackReason } from '../domain/routing/route.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import type { Checkout } from '../db/entities/checkout.ts';
import { findOrder, type OrderFacts } from '../db/queries/order-facts.ts';
import type { CreateCheckoutResult, ProviderAccount } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import { closeUnservedCheckout, keepOpenedCheckout } from './keep-opened-checkout.ts';
import { activateFreeCheckout } from './activate-free-checkout.ts';
import { checkoutOrder } from './checkout-order.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import type { CallGate } from './call-gate.ts';

/** A provider that was asked, or would have been, and did not serve. */
export interface LeftProvider {
  readonly provider: string;
  readonly reason: FallbackReason;
  readonly providerCode: string | null;
  readonly at: string;
  /** Its answer was lost: a session nobody has the URL of may exist there. */
  readonly mayExist: boolean;
}

export interface OpenCheckoutInput extends CheckoutRef {
  /** null: nobody is left to ask; close the checkout, or activate it where nothing is due. */
  readonly provider: string | null;
  readonly left: readonly LeftProvider[];
}

export interface OpenCheckoutResult {
  /** `creating`: this provider did not serve; ask the next. */
  readonly status: CheckoutStatus;
  readonly provider: string | null;
  /** When the page can no longer be paid. */
  readonly endsAt: string | null;
  readonly subscriptionId: string | null;
  readonly left: readonly LeftProvider[];
  readonly lookGapsMs: readonly number[];
}

/**
 * Opens the checkout's page at one provider and commits the outcome before it answers. Safe to repeat: a row that is
 * already open answers as it stands, and a session opened twice charges nobody, for only one URL is ever handed out.
 */
export function createOpenCheckout(deps: ActivityDeps, gate: CallGate) {
  return async function openCheckout(input: OpenCheckoutInput): Promise<OpenCheckoutResult> {
    const em = deps.orm.em.fork();
    const { row, facts } = await findOrder(em, input);
    if (row.status !== 'creating') return asResult(row);
    if (input.provider === null) {
      if (row.amountMinor === 0) return asResult(await activateFreeCheckout(em, row));
      return asResult(await closeUnservedCheckout(em, row, input.left));
    }
    const account = await deps.providers.account(row.projectId, row.live, input.provider);
    const answer = account
      ? await ask(row, facts, input.provider, account)
      : left(input.provider, 'not_configured', null, false);
    if ('reason' in answer) return { ...asResult(row), left: [answer] };
    return asResult(await keepOpenedCheckout(em, row, input.provider, answer, input.left));
  };

  function asResult(row: Checkout): OpenCheckoutResult {
    return {
      status: row.status,
      provider: row.provider,
      endsAt: row.expiresAt?.toISOString() ?? null,
      subscriptionId: row.subscriptionId,
      left: [],
      lookGapsMs: deps.lookGapsMs,
    };
  }

  async function ask(
    row: Checkout,
    facts: OrderFacts,
    provider: string,
    account: ProviderAccount,
  ): Promise<Opened | LeftProvider> {
    const key = { projectId: row.projectId, live: row.live, provider };
    const release = gate.enter(provider);
    if (release === null) return left(provider, 'unavailable', 'too_many_calls_in_flight', false);
    let entered: 'go' | 'trial' | 'open' = 'open';
    try {
      entered = await deps.health.enter(key);
      if (entered === 'open') return left(provider, 'unavailable', 'breaker_open', false);
      const abilities = deps.providers.abilities(provider);
      const answer = await account.client.checkouts.create({
        ...checkoutOrder(row, facts),
        paymentMethods: abilities === null ? null : fittingMethods(wishOf(row), abilities),
        idempotencyKey: callKey({ ...row, operation: 'checkouts.create', businessId: row.id, provider }),
      });
      return answer.outcome === 'opened' ? answer : left(provider, answer.reason, answer.providerCode, true);
    } catch (error) {
      if (!(error instanceof BillingError) || error.kind === 'bug') throw error;
      return left(provider, reasonOf(error), error.code, false);
    } finally {
      release();
      if (entered === 'trial') deps.health.leave(key);
    }
  }
}

type Opened = Extract<CreateCheckoutResult, { outcome: 'opened' }>;

function left(provider: string, reason: FallbackReason, providerCode: string | null, mayExist: boolean): LeftProvider {
  return { provider, reason, providerCode, at: new Date().toISOString(), mayExist };
}

function reasonOf(error: BillingError): FallbackReason {
  if (error.kind === 'rate_limited' || error.kind === 'unavailable') return error.kind;
  return 'api_error';
}

function wishOf(row: Checkout) {
  const amount =
    row.amountMinor === null || row.currency === null ? null : { amountMinor: row.amountMinor, currency: row.currency };
  return {
    mode: row.mode,
    amount,
    evidence: { country: row.country, source: row.countrySource },
    wishedPaymentMethods: row.wishedPaymentMethods,
  };
}
