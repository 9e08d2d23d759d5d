import type { Subscription } from '../db/entities/subscription.ts';
import { BillingError } from '../domain/errors.ts';
import type { OperationPlan } from '../domain/subscription/operation-plan.ts';
import { estimateChange, type EstimateLine } from '../domain/subscription/proration.ts';
import { toMoney } from '../present/values.ts';
import type { ApiDeps } from './deps.ts';
import { refusal } from './error-codes.ts';
import type { WishedChange } from './find-change.ts';
import type { ChangePreviewAnswer } from './schemas/subscription-operations.ts';

interface PreviewInput {
  readonly row: Subscription;
  readonly change: WishedChange;
  readonly plan: OperationPlan;
  /** ISO; null: now. */
  readonly prorationAt: string | null;
}

/**
 * What a change will cost: in the provider's own words, exact to the minor unit, where it tells, else our estimate
 * before tax. Nothing of it is kept.
 *
 * @throws {BillingError} `unavailable`: the provider that would tell does not answer; `provider_rejected`
 */
export async function previewChange(
  deps: Pick<ApiDeps, 'providers'>,
  input: PreviewInput,
): Promise<ChangePreviewAnswer> {
  return (await askProvider(deps, input)) ?? estimate(input);
}

async function askProvider(
  deps: Pick<ApiDeps, 'providers'>,
  { row, change, plan, prorationAt }: PreviewInput,
): Promise<ChangePreviewAnswer | null> {
  const { provider, providerSubscriptionId, providerCustomerId } = row;
  if (plan.method !== 'provider' || provider === null || providerSubscriptionId === null) return null;
  if (deps.providers.abilities(provider)?.subscriptions?.preview !== true) return null;
  const account = await deps.providers.account(row.projectId, row.live, provider);
  const operations = account?.client.subscriptions;
  if (!operations?.preview) return null;
  const { wish, target } = change;
  const isOtherPrice = wish.priceId !== row.priceId;
  try {
    const told = await operations.preview({
      ...{ providerSubscriptionId, providerCustomerId, when: plan.timing, proration: plan.proration ?? 'none' },
      quantity: wish.quantity === row.quantity ? null : wish.quantity,
      price:
        isOtherPrice && target.providerPrice
          ? {
              ...target.providerPrice,
              unitAmount: { amountMinor: wish.unitAmountMinor, currency: row.currency },
              billingInterval: wish.billingInterval,
            }
          : null,
      prorationAt,
    });
    return {
      lines: told.lines.map((line) => ({
        description: line.description,
        amount_minor: line.amount.amountMinor,
        currency: line.amount.currency,
        period_start: line.periodStart,
        period_end: line.periodEnd,
      })),
      due_now: toMoney(told.dueNow.amountMinor, told.dueNow.currency),
      next_invoice: told.nextInvoice && toMoney(told.nextInvoice.amountMinor, told.nextInvoice.currency),
      estimate: false,
      ...described(plan),
      proration_at: plan.timing === 'now' ? told.prorationAt : null,
    };
  } catch (error) {
    throw asRefusal(error);
  }
}

/** The provider's own code is for the log. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof BillingError)) return error;
  if (error.kind === 'unavailable' || error.kind === 'rate_limited')
    return refusal('unavailable', 'The provider does not tell just now what this costs. Repeat the request.', {
      ...{ retryAfterMs: error.retryAfterMs ?? 2_000, cause: error },
    });
  if (error.kind === 'bug') return error;
  return refusal('provider_rejected', 'The provider refuses this change.', { cause: error });
}

function estimate({ row, change, plan }: PreviewInput): ChangePreviewAnswer {
  const { wish, target } = change;
  const told = estimateChange({
    plan,
    from: { totalMinor: row.amountMinor, billingInterval: row.billingInterval },
    to: { totalMinor: wish.unitAmountMinor * wish.quantity, billingInterval: wish.billingInterval },
    periodStart: row.currentPeriodStart?.toISOString() ?? null,
    periodEnd: row.currentPeriodEnd?.toISOString() ?? null,
    at: new Date().toISOString(),
    isTrial: row.status === 'trialing',
  });
  return {
    lines: told.lines.map((line) => ({
      description: `${wordsOf[line.kind]}${line.kind === 'unused_time' ? '' : `: ${target.plan.name} × ${wish.quantity}`}`,
      amount_minor: line.amountMinor,
      currency: row.currency,
      period_start: line.periodStart,
      period_end: line.periodEnd,
    })),
    due_now: toMoney(told.dueNowMinor, row.currency),
    next_invoice: told.nextInvoiceMinor === null ? null : toMoney(told.nextInvoiceMinor, row.currency),
    estimate: true,
    ...described(plan),
    proration_at: null,
  };
}

const wordsOf = {
  unused_time: 'Unused time',
  remaining_time: 'Remaining time',
  next_period: 'Next period',
} satisfies Record<EstimateLine['kind'], string>;

function described(plan: OperationPlan) {
  const { timing: when, effectiveAt: effective_at, proration, method } = plan;
  return { when, effective_at, proration: proration ?? 'none', method } as const;
}
