import type { Money } from '../money.ts';
import { covers, prepareAbilities } from './prepared-abilities.ts';
import { route, type ProviderFacts, type RouteRequest, type RoutingDecision } from './route.ts';

/** What a provider that cannot charge the quote charges instead. */
export interface Requote {
  readonly price_id: string;
  readonly amount_minor: number;
  readonly currency: string;
}

/** The same thing for a price in another currency. */
export interface Alternative {
  readonly priceId: string;
  readonly amount: Money;
  /** The providers to which this price has been pushed. */
  readonly pushedTo: readonly string[];
}

/**
 * Lets those step in who cannot charge the quote's currency, where the same thing is priced in one that they charge and
 * nothing else stands against them. The first choice is never quoted anew: the caller asked for this currency, or the
 * buyer's country pays in it.
 *
 * @param alternatives Other prices of what is sold, best first.
 * @returns the decision, with `requotes` and without those in `skipped`; as it was where there is nothing to mend.
 */
export function requoteFallbacks(
  decision: RoutingDecision,
  question: {
    readonly request: RouteRequest;
    readonly policy: Parameters<typeof route>[1];
    readonly providers: Readonly<Record<string, ProviderFacts>>;
    readonly alternatives: readonly Alternative[];
  },
): RoutingDecision {
  const { request, providers } = question;
  const { amount } = request;
  if (amount === null || question.alternatives.length === 0) return decision;
  const requotes: Record<string, Requote> = {};
  for (const { provider, reason } of decision.skipped) {
    const facts = providers[provider];
    if (reason !== 'unsupported' || !decision.fallbacks.includes(provider) || facts === undefined) continue;
    if (charges(facts, amount.currency)) continue;
    const found = question.alternatives.find((each) => canCharge(provider, facts, each, question));
    if (found) requotes[provider] = { price_id: found.priceId, ...wire(found.amount) };
  }
  if (Object.keys(requotes).length === 0) return decision;
  return { ...decision, requotes, skipped: decision.skipped.filter(({ provider }) => !(provider in requotes)) };
}

/** Whether nothing stands against this provider with this price: what `route` says of it alone. */
function canCharge(
  provider: string,
  facts: ProviderFacts,
  { amount, pushedTo }: Alternative,
  { request, policy, providers }: Parameters<typeof requoteFallbacks>[1],
): boolean {
  if (!charges(facts, amount.currency)) return false;
  const isSellable = !facts.abilities.needsProviderPrice.includes(request.mode) || pushedTo.includes(provider);
  const alone = { ...request, amount, forcedProvider: provider };
  return route(alone, policy, { ...providers, [provider]: { ...facts, isSellable } }).skipped.length === 0;
}

function charges({ abilities }: ProviderFacts, currency: string): boolean {
  return covers(prepareAbilities(abilities).currencies, currency);
}

function wire({ amountMinor, currency }: Money) {
  return { amount_minor: amountMinor, currency };
}
