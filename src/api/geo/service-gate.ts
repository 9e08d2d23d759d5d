/** Decides whether a foreign service is asked now. One per service and process. */
export interface ServiceGate {
  /** True: ask, and tell the outcome by `leave`. */
  enter(): boolean;
  leave(outcome: CallOutcome): void;
}

export interface CallOutcome {
  /** The service answered, be it that it does not know. */
  readonly isAnswer: boolean;
  /** It wants to be left alone for so long; null: it said nothing of the kind. */
  readonly pauseMs: number | null;
}

const failuresToOpen = 5;
const openMs = 30_000;
const maxInFlight = 20;
/** Nobody may silence the service for good. */
const maxPauseMs = 3_600_000;

/**
 * Circuit breaker, and what the service itself said of its limits, as one date before which nothing is asked. After it,
 * one call at a time is the trial, until one is answered.
 *
 * @param now Milliseconds of a clock that only goes forward.
 * @param onOpen Told once when failures, not limits, close the way.
 */
export function createServiceGate(now: () => number, onOpen: () => void): ServiceGate {
  let failures = 0;
  let inFlight = 0;
  let quietUntil = 0;
  const isOnTrial = () => failures >= failuresToOpen;
  return {
    enter() {
      if (now() < quietUntil || inFlight >= (isOnTrial() ? 1 : maxInFlight)) return false;
      inFlight += 1;
      return true;
    },
    leave({ isAnswer, pauseMs }) {
      inFlight -= 1;
      if (pauseMs !== null) quietUntil = Math.max(quietUntil, now() + Math.min(pauseMs, maxPauseMs));
      failures = isAnswer ? 0 : failures + 1;
      if (!isOnTrial()) return;
      quietUntil = Math.max(quietUntil, now() + openMs);
      if (failures === failuresToOpen) onOpen();
    },
  };
}
