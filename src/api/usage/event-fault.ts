import type { UsageEvent } from '../../domain/usage/event.ts';
import type { ErrorCode } from '../error-codes.ts';

/** Why an event is refused. */
export interface EventFault {
  readonly code: ErrorCode;
  /** JSON pointer within the event; empty: the event itself. */
  readonly pointer: string;
  /** One sentence that names the field. */
  readonly detail: string;
}

export function isFault(result: UsageEvent | EventFault): result is EventFault {
  return 'pointer' in result;
}

/** A field that does not have its form. */
export function wrong(field: string, detail: string): EventFault {
  return { code: 'validation_failed', pointer: `/${field}`, detail: `${field} ${detail}` };
}
