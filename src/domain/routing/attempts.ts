import type { RoutingDecision } from './route.ts';

/** The providers to ask, in order. Empty: nobody can serve this. */
export function attemptsOf(decision: RoutingDecision): readonly string[] {
  return [decision.provider, ...decision.fallbacks].filter(
    (provider) => !decision.skipped.some((left) => left.provider === provider),
  );
}
