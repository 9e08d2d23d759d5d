import { hourMs } from './meter.ts';

/** An event as it is stored: valid, with everything that callers may leave out filled in. */
export interface UsageEvent {
  readonly organizationId: string;
  /** The app's, unique per project, mode and organization for ever. */
  readonly eventId: string;
  readonly eventName: string;
  /** A decimal as text, exact: at most 20 digits before and 12 after the point, no exponent. */
  readonly quantity: string;
  readonly properties: Readonly<Record<string, string | number | boolean>> | null;
  /** The id of the event that this one corrects: then the quantity is the difference, and may be negative. */
  readonly corrects: string | null;
  /** In ms since 1970. Of a correction: when the corrected event occurred. */
  readonly occurredAtMs: number;
}

/** Clocks of apps may run ahead of ours by so much. */
export const futureSlackMs = 5 * 60_000;

/** Older events are refused: no provider bills them, and reports of that time are closed. */
export const oldestEventMs = 366 * 24 * hourMs;

/** Largest of each part of a quantity. */
export const quantityDigits = { whole: 20, fraction: 12 } as const;
