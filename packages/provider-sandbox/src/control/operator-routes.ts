import { z } from 'zod';
import type { Account } from '../accounts.ts';
import type { ProviderId } from '../core/types.ts';
import { type OperatorDesk, OperatorRefusal } from '../operator.ts';
import {
  ControlFailure,
  type ControlDeps,
  type ControlRoute,
  accountOf,
  paramOf,
  parse,
  providerOf,
} from './control-route.ts';

const cardNumber = z.string().transform((text) => text.replaceAll(/\s/g, ''));
const tokenInput = z.strictObject({ number: cardNumber });
const amount = z.int().min(1).nullish();

/** What can be done behind an app's back: input and deed, for the control interface and the state page alike. */
export const OPERATIONS = {
  refund: {
    of: 'payments',
    input: z.strictObject({ amount_minor: amount }),
    act: (desk, id, { amount_minor: amountMinor }) => ({ refund_id: desk.refund(id, amountMinor ?? null).refundId }),
  } satisfies Operation<{ amount_minor?: number | null | undefined }>,
  dispute: {
    of: 'payments',
    input: z.strictObject({ amount_minor: amount, reason: z.string().min(1).default('fraudulent') }),
    act: (desk, id, { amount_minor: amountMinor, reason }) => ({
      dispute_id: desk.dispute(id, { amountMinor: amountMinor ?? null, reason }).disputeId,
    }),
  } satisfies Operation<{ amount_minor?: number | null | undefined; reason: string }>,
  close: {
    of: 'disputes',
    input: z.strictObject({ outcome: z.enum(['won', 'lost']) }),
    act: (desk, id, { outcome }) => (desk.closeDispute(id, outcome), { outcome }),
  } satisfies Operation<{ outcome: 'won' | 'lost' }>,
  card: {
    of: 'subscriptions',
    input: tokenInput,
    act: (desk, id, { number }) => (desk.useCard(id, number), { last4: number.slice(-4) }),
  } satisfies Operation<{ number: string }>,
  retry: {
    of: 'subscriptions',
    input: z.strictObject({}),
    act: (desk, id) => desk.retryPayment(id),
  } satisfies Operation<object>,
  cancel: {
    of: 'subscriptions',
    input: z.strictObject({ when: z.enum(['now', 'period_end']) }),
    act: (desk, id, { when }) => (desk.cancelSubscription(id, when), { when }),
  } satisfies Operation<{ when: 'now' | 'period_end' }>,
} as const;

interface Operation<T> {
  of: 'payments' | 'disputes' | 'subscriptions';
  input: z.ZodType<T>;
  act: (desk: OperatorDesk, id: string, input: T) => object;
}

export type OperationName = keyof typeof OPERATIONS;

export const OPERATION_NAMES = ['refund', 'dispute', 'close', 'card', 'retry', 'cancel'] as const;

function perform<T>(operation: Operation<T>, desk: OperatorDesk, id: string, body: unknown): object {
  return operation.act(desk, id, parse(operation.input, body));
}

function deskOf(account: Account, provider: ProviderId): OperatorDesk {
  const desk = account.desks[provider].operator;
  if (desk) return desk;
  throw new ControlFailure(501, `${provider} takes no operator's actions in this sandbox`);
}

/**
 * Does one operation at one provider of one account.
 *
 * @throws {ControlFailure} 422 for the input, 409 for what cannot be done now, 501 where the provider has no such desk.
 */
export function operate(
  account: Account,
  target: { provider: ProviderId; name: OperationName; id: string },
  body: unknown,
): object {
  const { provider, name, id } = target;
  const desk = deskOf(account, provider);
  try {
    switch (name) {
      case 'refund':
        return perform(OPERATIONS.refund, desk, id, body);
      case 'dispute':
        return perform(OPERATIONS.dispute, desk, id, body);
      case 'close':
        return perform(OPERATIONS.close, desk, id, body);
      case 'card':
        return perform(OPERATIONS.card, desk, id, body);
      case 'retry':
        return perform(OPERATIONS.retry, desk, id, body);
      case 'cancel':
        return perform(OPERATIONS.cancel, desk, id, body);
    }
  } catch (error) {
    if (error instanceof OperatorRefusal) throw new ControlFailure(409, error.message);
    throw error;
  }
}

/** What a provider's script in the browser would give an app for a card. */
function tokenRoute(deps: ControlDeps): ControlRoute {
  return {
    method: 'post',
    path: '/tokens/:provider',
    act(request, body) {
      const provider = providerOf(request);
      const desk = deskOf(accountOf(deps, request), provider);
      const { number } = parse(tokenInput, body);
      if (!desk.tokenize) throw new ControlFailure(501, `${provider} has no card tokens`);
      return { token: desk.tokenize(number) };
    },
  };
}

export function operatorRoutes(deps: ControlDeps): ControlRoute[] {
  const operations = OPERATION_NAMES.map((name): ControlRoute => ({
    method: 'post',
    path: `/${OPERATIONS[name].of}/:provider/:id/${name}`,
    act(request, body) {
      const [provider, id] = [providerOf(request), paramOf(request, 'id')];
      return { provider, id, ...operate(accountOf(deps, request), { provider, name, id }, body) };
    },
  }));
  return [...operations, tokenRoute(deps)];
}
