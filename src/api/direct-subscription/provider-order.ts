import type { Organization } from '../../db/entities/organization.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import { route, type ProviderFacts } from '../../domain/routing/route.ts';
import type { Caller } from '../caller.ts';
import type { Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';
import { policyInForce } from '../routing/project-rules.ts';

/** Providers as routing would ask them for a page, and why in this order. */
export interface ProviderOrder {
  readonly rule: string;
  readonly policy: string;
  readonly policyVersion: number;
  readonly providers: readonly string[];
}

export interface OrderWish {
  readonly caller: Caller;
  readonly organization: Organization;
  readonly offer: Offer;
  readonly country: string | null;
  readonly quantity: number;
  readonly trialDays: number;
  readonly liveSubscriptions: readonly Subscription[];
}

/**
 * In which order providers are preferred for a subscription without a page: by the very rules that route a checkout.
 * Whether each can begin it is another question; this knows nothing of stored methods.
 */
export async function providerOrder(
  deps: Pick<ApiDeps, 'rules' | 'providers'>,
  configured: ReadonlySet<string>,
  wish: OrderWish,
): Promise<ProviderOrder> {
  const { caller, offer, organization } = wish;
  const decision = route(
    {
      ...{
        projectId: caller.projectId,
        organizationId: organization.id,
        mode: offer.mode,
        digital: offer.plan.digital,
      },
      ...{ quantity: wish.quantity, amount: offer.amount, cardCountry: null, wishedPaymentMethods: null },
      evidence: { country: wish.country, source: wish.country === null ? 'none' : 'profile' },
      ...{ hasDiscountCode: false, hasTrial: wish.trialDays > 0, hasVoucherExpiry: false, hasEmbedOrigin: false },
      forcedProvider: null,
      liveProvider: wish.liveSubscriptions.find(({ provider }) => provider !== null)?.provider ?? null,
      preferredProvider: organization.preferredProvider,
    },
    await policyInForce(deps.rules, caller),
    factsOf(deps, configured, offer),
  );
  return {
    ...{ rule: decision.rule, policy: decision.policy, policyVersion: decision.policy_version },
    providers: [decision.provider, ...decision.fallbacks],
  };
}

function factsOf(deps: Pick<ApiDeps, 'providers'>, configured: ReadonlySet<string>, offer: Offer) {
  const facts: Record<string, ProviderFacts> = {};
  for (const id of deps.providers.ids()) {
    const abilities = deps.providers.abilities(id);
    if (abilities === null) continue;
    const needsPush = abilities.needsProviderPrice.includes(offer.mode);
    const isSellable = !needsPush || offer.pushedTo.includes(id);
    facts[id] = { isConfigured: configured.has(id), abilities, isSellable, isAvailable: true };
  }
  return facts;
}
