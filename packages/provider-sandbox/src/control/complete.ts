import { z } from 'zod';
import type { Cashier, Challenge, CheckoutView, PayRequest, PayResult } from '../cashier.ts';
import type { Sandbox } from '../context.ts';
import type { CardInput } from '../core/cards.ts';

const cardInput = z.union([
  z.string(),
  z.looseObject({
    number: z.string(),
    exp_month: z.coerce.number().optional(),
    exp_year: z.coerce.number().optional(),
    cvc: z.string().optional(),
    name: z.string().optional(),
  }),
]);

export const completeInput = z.strictObject({
  outcome: z.enum(['paid', 'declined', 'abandoned', 'voucher_issued', 'voucher_paid']),
  card: cardInput.nullish(),
  method: z.enum(['card', 'oxxo', 'cash', 'spei']).nullish(),
  email: z.string().nullish(),
  name: z.string().nullish(),
  country: z.string().nullish(),
});

export type CompleteInput = z.output<typeof completeInput>;

const GOOD_CARD = '4242424242424242';
const BAD_CARD = '4000000000000002';

function cardOf(input: CompleteInput): CardInput {
  const given = input.card;
  const fallback = input.outcome === 'declined' ? BAD_CARD : GOOD_CARD;
  const fields = typeof given === 'string' ? { number: given } : (given ?? { number: fallback });
  return {
    number: fields.number.replaceAll(/\s/g, ''),
    expMonth: fields.exp_month ?? 12,
    expYear: fields.exp_year ?? new Date().getUTCFullYear() + 5,
    cvc: fields.cvc ?? '123',
    name: fields.name ?? input.name ?? 'Test Customer',
  };
}

function requestOf(input: CompleteInput, view: CheckoutView): PayRequest {
  const voucher = input.outcome === 'voucher_issued' || input.outcome === 'voucher_paid';
  const method = !voucher ? 'card' : input.method === 'spei' ? 'spei' : 'cash';
  return {
    method,
    card: method === 'card' ? cardOf(input) : null,
    email: view.email ?? input.email ?? 'customer@example.com',
    name: view.name ?? input.name ?? 'Test Customer',
    country: input.country ?? view.country ?? (view.provider === 'conekta' ? 'MX' : 'US'),
  };
}

function answerChallenge(sandbox: Sandbox, cashier: Cashier, result: PayResult, approved: boolean): PayResult {
  if (result.kind !== 'challenge') return result;
  const challenge = sandbox.store.collection<Challenge>('sandbox/challenges').get(result.challengeId);
  return challenge ? cashier.answerChallenge(challenge, approved) : result;
}

function act(sandbox: Sandbox, cashier: Cashier, view: CheckoutView, input: CompleteInput): PayResult | null {
  const { outcome } = input;
  if (outcome === 'abandoned') return null;
  if (outcome === 'voucher_paid' && view.state === 'voucher') return cashier.settleVoucher(view.id);
  const result = cashier.pay(view.id, requestOf(input, view));
  if (outcome === 'voucher_paid') return result.kind === 'voucher' ? cashier.settleVoucher(view.id) : result;
  return answerChallenge(sandbox, cashier, result, outcome !== 'declined');
}

/** Does what a person would do on the page, through the same cashier. */
export function completeCheckout(sandbox: Sandbox, cashier: Cashier, id: string, input: CompleteInput): object {
  const view = cashier.find(id);
  if (!view) return { error: `no checkout ${id}` };
  const result = act(sandbox, cashier, view, input);
  const after = cashier.find(view.id) ?? view;
  return {
    provider: view.provider,
    id: view.id,
    outcome: input.outcome,
    result: result?.kind ?? 'abandoned',
    decline: result?.kind === 'declined' ? result.decline : null,
    message: result?.kind === 'refused' ? result.message : null,
    state: after.state,
    voucher: after.voucher && {
      kind: after.voucher.kind,
      reference: after.voucher.reference,
      barcode_url: after.voucher.barcodeUrl,
      expires_at: new Date(after.voucher.expiresAtMs).toISOString(),
    },
    redirect_url: input.outcome === 'abandoned' ? after.backUrl : after.doneUrl,
  };
}
