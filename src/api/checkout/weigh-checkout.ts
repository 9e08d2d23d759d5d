import type { Subscription } from '../../db/entities/subscription.ts';
import type { CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import type { CountryEvidence } from '../../domain/routing/country.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import type { RoutingInput } from './decide-routing.ts';
import { quoteOffer, type Offer, type Product } from './find-offer.ts';

export interface WeighInput {
  readonly caller: Caller;
  readonly body: CreateCheckoutBody;
  readonly organization: RoutingInput['organization'];
  readonly evidence: CountryEvidence;
  /** null in mode setup. */
  readonly product: Product | null;
  readonly liveSubscriptions: readonly Subscription[];
  readonly policy: CompiledPolicy;
  readonly preferredProvider: string | null;
}

/**
 * What is sold to whom, and with that what routing is asked. A checkout and its explanation come through here: they
 * cannot differ.
 *
 * @throws {BillingError} `price_not_found`
 */
export async function weighCheckout(
  deps: Pick<ApiDeps, 'policies' | 'providers'>,
  input: WeighInput,
): Promise<{ readonly offer: Offer | null; readonly trialDays: number | null; readonly routing: RoutingInput }> {
  const { body, caller, evidence, product, ...rest } = input;
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const countryCurrency =
    evidence.country === null ? null : (deps.policies.countryCurrencies[evidence.country] ?? null);
  const { defaultCurrency } = caller.project;
  const offer = product && quoteOffer(product, body, { countryCurrency, defaultCurrency });
  const trialDays = offer?.mode === 'subscription' ? (body.trial_days ?? offer.plan.trialDays) : null;
  return { offer, trialDays, routing: { ...rest, body, caller, configured, evidence, offer, trialDays } };
}
