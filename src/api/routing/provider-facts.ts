import type { CheckoutMode } from '../../domain/catalogue.ts';
import type { ProviderFacts } from '../../domain/routing/route.ts';
import type { Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';

export interface FactsWish {
  /** Providers at which the project has an account in the caller's mode. */
  readonly configured: ReadonlySet<string>;
  readonly mode: CheckoutMode;
  /** null: nothing is sold. */
  readonly offer: Pick<Offer, 'pushedTo'> | null;
  readonly isAvailable: (provider: string) => boolean;
}

/** What routing must know of each provider about one sale. */
export function providerFacts(
  { providers }: Pick<ApiDeps, 'providers'>,
  { configured, mode, offer, isAvailable }: FactsWish,
): Readonly<Record<string, ProviderFacts>> {
  const facts: Record<string, ProviderFacts> = {};
  for (const id of providers.ids()) {
    const abilities = providers.abilities(id);
    if (abilities === null) continue;
    const needsPush = offer !== null && abilities.needsProviderPrice.includes(mode);
    const isSellable = !needsPush || offer.pushedTo.includes(id);
    facts[id] = { isConfigured: configured.has(id), abilities, isSellable, isAvailable: isAvailable(id) };
  }
  return facts;
}
