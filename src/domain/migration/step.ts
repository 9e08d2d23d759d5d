import type { ItemStand, NewSide, OldSide, Told } from './sides.ts';
import type { MigrationItemState, MigrationSettings } from './migration.ts';

/** Everything one decision is made of. Our own timers and the providers' dates are compared with `nowMs`. */
export interface StepFacts {
  readonly item: ItemStand;
  /** `unknown` too where nobody asked: see `sidesToRead`. */
  readonly old: Told<OldSide>;
  readonly new: Told<NewSide>;
  readonly settings: MigrationSettings;
  readonly nowMs: number;
}

export type EndState = Extract<MigrationItemState, 'kept' | 'left' | 'rolled_back' | 'done' | 'attention'>;

/** The one thing to do next. */
export type MigrationStep =
  /** Tells the customer, with the link; the rights to charge are written down. */
  | { readonly kind: 'notify' }
  | { readonly kind: 'remind' }
  /** The customer has opened a checkout. */
  | { readonly kind: 'open' }
  /** It ended unpaid, or what it began is over: the link opens another. */
  | { readonly kind: 'reopen'; readonly because: string }
  | { readonly kind: 'close_checkout' }
  /** Sets the new one's trial to end there, and reads it back. */
  | { readonly kind: 'align'; readonly to: string; readonly isParked: boolean }
  /** Paid there, with the first charge where it belongs. */
  | { readonly kind: 'move'; readonly paidThrough: string }
  /** The point of no return: written before the cancel is sent. */
  | { readonly kind: 'commit'; readonly paidThrough: string }
  | { readonly kind: 'cancel' }
  /** The old one ends, read back: the right to charge goes over. */
  | { readonly kind: 'confirm'; readonly paidThrough: string }
  | { readonly kind: 'note_charge'; readonly providerPaymentId: string; readonly paidAt: string }
  /** Ends the new one now; nothing was charged. */
  | { readonly kind: 'revoke' }
  | { readonly kind: 'end'; readonly state: EndState; readonly code: string | null; readonly because: string }
  /** @param forCustomer Only the customer can bring it on: somebody else may have its place. */
  | {
      readonly kind: 'wait';
      readonly until: string | null;
      readonly because: string;
      readonly forCustomer: boolean;
    }
  /** What must be known cannot be read now. */
  | { readonly kind: 'ask_again'; readonly because: string };

const minuteMs = 60_000;

/** Between two looks at what nobody tells of. */
export function lookGapMs({ lastCallMinutes, watchMinutes }: MigrationSettings): number {
  return Math.min(15 * minuteMs, Math.max(5_000, (Math.min(lastCallMinutes, watchMinutes) * minuteMs) / 10));
}

export function end(state: EndState, code: string | null, because: string): MigrationStep {
  return { kind: 'end', state, code, because };
}

/** A person decides: with a review. */
export function attention(code: string, because: string): MigrationStep {
  return end('attention', code, because);
}

export function wait(untilMs: number, because: string, forCustomer = false): MigrationStep {
  return { kind: 'wait', until: new Date(untilMs).toISOString(), because, forCustomer };
}

export function waitALittle({ nowMs, settings }: StepFacts, because: string, forCustomer = false): MigrationStep {
  return wait(nowMs + lookGapMs(settings), because, forCustomer);
}

export function askAgain(because: string): MigrationStep {
  return { kind: 'ask_again', because };
}
