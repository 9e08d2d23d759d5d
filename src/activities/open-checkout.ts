import { BillingError } from '../domain/errors.ts';
import { fallbackReasonOf, type StopRefusal } from '../domain/routing/reaction.ts';
import { fittingMethods, type FallbackReason } from '../domain/routing/route.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import type { Checkout } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import { findOrder, type OrderFacts } from '../db/queries/order-facts.ts';
import { findStrayProviders } from '../db/queries/stray-sessions.ts';
import type { CreateCheckoutInput, CreateCheckoutResult, ProviderAccount, UnknownOutcome } from '../providers/port.ts';
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
  /** No other provider can mend what it refused: nobody is asked any more, and the caller is told this. */
  readonly refusal?: StopRefusal;
}

export interface OpenCheckoutInput extends CheckoutRef {
  /** null: nobody is left to ask; close the checkout, or activate it where nothing is due. */
  readonly provider: string | null;
  readonly left: readonly LeftProvider[];
  /** An earlier try of this very call died without a word: another session of the same provider may exist. */
  readonly isRepeated?: boolean;
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
  /** Where sessions may be left behind, as an earlier run of this very call wrote it: its own answer was lost. */
  readonly strays?: readonly string[];
}

/**
 * Opens the checkout's page at one provider and commits the outcome before it answers. Safe to repeat: a row that is
 * already open answers as it stands, and a session opened twice charges nobody, for only one URL is ever handed out.
 */
export function createOpenCheckout(deps: ActivityDeps, gate: CallGate) {
  return async function openCheckout(input: OpenCheckoutInput): Promise<OpenCheckoutResult> {
    const em = deps.orm.em.fork();
    const { row, facts } = await findQuoted(em, input);
    if (row.status !== 'creating') return { ...asResult(row), strays: await findStrayProviders(em, row) };
    if (input.provider === null) {
      if (row.amountMinor === 0) return asResult(await activateFreeCheckout(em, row));
      return asResult(await closeUnservedCheckout(em, row, input.left));
    }
    const account = await deps.providers.account(row.projectId, row.live, input.provider);
    const answer = account
      ? await ask(row, facts, input.provider, account)
      : left(input.provider, 'not_configured', null, false);
    if ('reason' in answer) {
      const all = [...input.left, answer];
      if (answer.refusal) return { ...asResult(await closeUnservedCheckout(em, row, all)), left: [answer] };
      return { ...asResult(row), left: [answer] };
    }
    return asResult(await keepOpenedCheckout(em, row, input.provider, answer, input.left, input.isRepeated));
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
      const order: CreateCheckoutInput = {
        ...checkoutOrder(row, facts),
        paymentMethods: abilities === null ? null : fittingMethods(wishOf(row), abilities),
        idempotencyKey: callKey({ ...row, operation: 'checkouts.create', businessId: row.id, provider }),
      };
      const startedAt = performance.now();
      const first = await tried(() => account.client.checkouts.create(order));
      if ('outcome' in first && first.outcome === 'opened') return first;
      const { reaction } = deps.providers.reactionTo(provider, first);
      const isInTime = performance.now() - startedAt < retryWithinMs;
      if (reaction !== 'retry' || !isInTime) return leftBy(provider, first, first);
      const second = await tried(() => account.client.checkouts.create(order));
      return 'outcome' in second && second.outcome === 'opened' ? second : leftBy(provider, second, first);
    } finally {
      release();
      if (entered === 'trial') deps.health.leave(key);
    }
  }

  /** @param first What came before, with the same key: if that may have been done, so it may still. */
  function leftBy(provider: string, last: Failure, first: Failure): LeftProvider {
    const { refusal, reaction } = deps.providers.reactionTo(provider, last);
    const reason = last instanceof BillingError ? fallbackReasonOf(last.kind) : last.reason;
    const providerCode = last instanceof BillingError ? last.code : last.providerCode;
    const mayExist = [last, first].some((failure) => !(failure instanceof BillingError));
    const told = left(provider, reason, providerCode, mayExist);
    return reaction === 'stop' && refusal !== null ? { ...told, refusal } : told;
  }
}

/** The checkout as this provider is asked for it: one that cannot charge the quote has a quote of its own. */
async function findQuoted(em: Db, input: OpenCheckoutInput): Promise<{ row: Checkout; facts: OrderFacts }> {
  const order = await findOrder(em, input);
  const own = input.provider === null ? undefined : order.row.routing.requotes?.[input.provider];
  if (own === undefined || order.row.status !== 'creating') return order;
  const { row, facts } = await findOrder(em, { ...input, priceId: own.price_id });
  return { facts, row: { ...row, priceId: own.price_id, amountMinor: own.amount_minor, currency: own.currency } };
}

type Opened = Extract<CreateCheckoutResult, { outcome: 'opened' }>;
type Failure = BillingError | UnknownOutcome;

/** A second call must end within what is left of the caller's 9 s: whoever took longer than this is not asked again. */
const retryWithinMs = 3_000;

/** What the adapter threw because it surely did nothing, as an answer. @throws what is no provider's error */
async function tried(call: () => Promise<CreateCheckoutResult>): Promise<CreateCheckoutResult | BillingError> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof BillingError) || error.kind === 'bug') throw error;
    return error;
  }
}

function left(provider: string, reason: FallbackReason, providerCode: string | null, mayExist: boolean): LeftProvider {
  return { provider, reason, providerCode, at: new Date().toISOString(), mayExist };
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
