import type { CardInput, Decline } from './core/cards.ts';
import type { ProviderId } from './core/types.ts';

export type PortalAction =
  | { kind: 'cancel' | 'undo_cancel' | 'pause' | 'resume'; subscriptionId: string }
  | { kind: 'add_card'; card: CardInput; subscriptionId: string | null }
  | { kind: 'remove_payment_method' | 'use_payment_method'; paymentMethodId: string };

/** What a customer sees on the provider's own portal, the same shape for every provider. */
export interface PortalView {
  provider: ProviderId;
  merchant: string;
  customer: { name: string | null; email: string | null };
  locale: string;
  returnUrl: string | null;
  subscriptions: {
    id: string;
    title: string;
    /** In the provider's vocabulary; the page words it. */
    status: string;
    amountMinor: number;
    currency: string;
    interval: string;
    periodEndsAtMs: number | null;
    endsAtMs: number | null;
    /** Whether canceling ends it now; else it goes on until the period's end. */
    cancelsAtOnce: boolean;
    actions: ('cancel' | 'undo_cancel' | 'pause' | 'resume')[];
  }[];
  invoices: {
    id: string;
    number: string | null;
    atMs: number;
    amountMinor: number;
    currency: string;
    status: string;
    url: string | null;
  }[];
  paymentMethods: { id: string; label: string; isDefault: boolean; canRemove: boolean }[];
  canAddCard: boolean;
}

export type PortalResult =
  { kind: 'done' } | { kind: 'declined'; decline: Decline } | { kind: 'refused'; message: string };

/** The customer portal behind a link that the provider's API made. */
export interface PortalDesk {
  provider: ProviderId;
  /** null: unknown or expired. */
  find(token: string): PortalView | null;
  act(token: string, action: PortalAction): PortalResult;
}

/** One invoice, order or receipt as its hosted page and its PDF show it. */
export interface InvoiceView {
  provider: ProviderId;
  merchant: string;
  number: string | null;
  status: string;
  customer: { name: string | null; email: string | null };
  lines: { description: string; quantity: number; amountMinor: number }[];
  taxMinor: number;
  totalMinor: number;
  paidMinor: number;
  refundedMinor: number;
  currency: string;
  issuedAtMs: number;
  locale: string;
  /** Whether the page can take a card for it. */
  isPayable: boolean;
}

export interface InvoiceDesk {
  provider: ProviderId;
  /** By the secret in its link. */
  find(token: string): InvoiceView | null;
  pay(token: string, card: CardInput): PortalResult;
}
