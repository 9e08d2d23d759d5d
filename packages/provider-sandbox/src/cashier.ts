import type { Card, CardInput, Decline } from './core/cards.ts';
import type { ProviderId } from './core/types.ts';

export interface LineView {
  name: string;
  detail: string | null;
  quantity: number;
  amountMinor: number;
}

export interface VoucherView {
  kind: 'cash' | 'spei';
  /** What the store or the bank asks for: a reference or an 18-digit CLABE. */
  reference: string;
  barcodeUrl: string | null;
  expiresAtMs: number;
  amountMinor: number;
}

export type PayMethod = 'card' | 'cash' | 'spei';

/** A checkout as its page shows it, the same for every provider. */
export interface CheckoutView {
  provider: ProviderId;
  id: string;
  state: 'open' | 'voucher' | 'complete' | 'expired' | 'canceled';
  mode: 'payment' | 'subscription' | 'setup';
  merchant: string;
  lines: LineView[];
  discountMinor: number;
  taxMinor: number;
  totalMinor: number;
  currency: string;
  /** Such as "month" or "3 months"; null for one-time purchases. */
  recurring: { interval: string; count: number } | null;
  trialDays: number | null;
  email: string | null;
  name: string | null;
  country: string | null;
  methods: PayMethod[];
  /** Where "back" leads; null hides the link. */
  backUrl: string | null;
  /** Where a person goes after paying; null stays on the page. */
  doneUrl: string | null;
  voucher: VoucherView | null;
  pageUrl: string;
  locale: string | null;
}

export interface PayRequest {
  method: PayMethod;
  card: CardInput | null;
  email: string | null;
  name: string | null;
  country: string | null;
}

export type PayResult =
  | { kind: 'paid' }
  | { kind: 'voucher' }
  | { kind: 'challenge'; challengeId: string }
  | { kind: 'declined'; decline: Decline }
  | { kind: 'refused'; field: string | null; message: string };

/** The one way money moves on a hosted page, used by the pages and by the control interface alike. */
export interface Cashier {
  provider: ProviderId;
  /** By the provider's id, the page's secret, or any value in its metadata. */
  find(id: string): CheckoutView | null;
  pay(id: string, request: PayRequest): PayResult;
  /** The bank's answer to a 3-D Secure challenge. */
  answerChallenge(challenge: Challenge, approved: boolean): PayResult;
  /** The shop or bank reports the money. */
  settleVoucher(id: string): PayResult;
}

export interface Challenge {
  id: string;
  provider: ProviderId;
  checkoutId: string;
  card: Card;
  email: string | null;
  name: string | null;
  country: string | null;
}
