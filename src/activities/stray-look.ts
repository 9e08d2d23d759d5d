import type { Checkout } from '../db/entities/checkout.ts';
import type { StraySession } from '../db/entities/routing.ts';
import type { Db } from '../db/orm.ts';
import { strayEndsAtMs, type StrayStatus } from '../domain/checkout/stray.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';

export interface ResolveStrayInput extends CheckoutRef {
  /** Where the session may be. */
  readonly provider: string;
  /** How many looks this asking has had. */
  readonly looks: number;
  /** Disputes that webhooks named. */
  readonly disputeIds?: readonly string[];
}

export interface ResolvedStray {
  readonly status: StrayStatus;
  /** One clause for the story. */
  readonly because: string;
  /** null: nothing is left to do. */
  readonly lookAgainMs: number | null;
  /** The checkout's row was written: whoever looks after it must read it. */
  readonly hasMoved: boolean;
  /** What began with the checkout, and where. */
  readonly subscriptionId: string | null;
  readonly servedBy: string | null;
  /** What goes back. */
  readonly refundId: string | null;
  /** Providers where another session is now left behind. */
  readonly others: readonly string[];
}

/** What one look is about. */
export interface StrayLook {
  readonly deps: ActivityDeps;
  readonly em: Db;
  readonly row: Checkout;
  readonly stray: StraySession;
  readonly client: ProviderClient;
  readonly input: ResolveStrayInput;
}

/** When the provider's session can surely not be paid any more, in ms since 1970. */
export function strayEndOf(row: Pick<Checkout, 'voucherExpiresAt'>, stray: Pick<StraySession, 'askedAt'>): number {
  const voucherExpiresAtMs = row.voucherExpiresAt?.getTime() ?? null;
  return strayEndsAtMs({ askedAtMs: stray.askedAt.getTime(), voucherExpiresAtMs });
}

/** How a look ends: the row as it is now, and what the workflow must do. */
export function answerOf(stray: StraySession, row: Checkout, more: Partial<ResolvedStray> = {}): ResolvedStray {
  return {
    ...{ status: stray.status, because: stray.why ?? 'not known yet', lookAgainMs: null, hasMoved: false },
    ...{ subscriptionId: row.subscriptionId, servedBy: row.provider, refundId: null, others: [], ...more },
  };
}

/** What a person is told when both pages of one checkout were paid. */
export function paidTwiceSummary({ provider: served }: Pick<Checkout, 'provider'>, provider: string): string {
  return `A checkout that is paid at ${served ?? 'nobody'} was paid at ${provider} too; that goes back.`;
}

/** One item for a person per session that was paid, whatever is learnt of it. */
export function causeOf(provider: string, providerCheckoutId: string): string {
  return `stray:${provider}:${providerCheckoutId}`;
}
