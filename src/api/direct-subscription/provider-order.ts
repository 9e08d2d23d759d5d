import type { Organization } from '../../db/entities/organization.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import { route } from '../../domain/routing/route.ts';
import type { Caller } from '../caller.ts';
import type { Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';
import { policyInForce } from '../routing/project-rules.ts';
import { providerFacts } from '../routing/provider-facts.ts';

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
    // Whether it can begin without a page is asked of each in turn, its breaker with it.
    providerFacts(deps, { configured, mode: offer.mode, offer, isAvailable: () => true }),
  );
  return {
    ...{ rule: decision.rule, policy: decision.policy, policyVersion: decision.policy_version },
    providers: [decision.provider, ...decision.fallbacks],
  };
}
