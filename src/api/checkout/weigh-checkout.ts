import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { readPlacings } from '../../db/queries/rollouts.ts';
import type { Placing } from '../../domain/rollout/place.ts';
import type { CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import type { CountryEvidence } from '../../domain/routing/country.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import type { RoutingInput } from './decide-routing.ts';
import { otherQuotes, quoteOffer, type Offer, type Product } from './find-offer.ts';

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
  em: Db,
  deps: Pick<ApiDeps, 'policies' | 'providers' | 'rules'>,
  input: WeighInput,
): Promise<{ readonly offer: Offer | null; readonly trialDays: number | null; readonly routing: RoutingInput }> {
  const { body, caller, evidence, product, ...rest } = input;
  const [configured, placings] = await Promise.all([
    deps.providers.configured(caller.projectId, caller.live),
    placingsOf(em, deps, input),
  ]);
  const countryCurrency =
    evidence.country === null ? null : (deps.policies.countryCurrencies[evidence.country] ?? null);
  const { defaultCurrency } = caller.project;
  const offer = product && quoteOffer(product, body, { countryCurrency, defaultCurrency });
  const trialDays = offer?.mode === 'subscription' ? (body.trial_days ?? offer.plan.trialDays) : null;
  const alternatives = product && offer ? otherQuotes(product, offer, body.quantity, defaultCurrency) : [];
  const routing = { ...rest, body, caller, configured, evidence, offer, trialDays, alternatives, placings };
  return { offer, trialDays, routing };
}

/** Only where a rollout may decide is anything asked: without one, a checkout costs no query more. */
async function placingsOf(em: Db, { rules }: Pick<ApiDeps, 'rules'>, input: WeighInput): Promise<readonly Placing[]> {
  const { body, caller, product, organization } = input;
  const isBound =
    body.provider !== null ||
    input.preferredProvider !== null ||
    organization.preferredProvider !== null ||
    input.liveSubscriptions.some(({ provider }) => provider !== null);
  if (product === null || isBound) return [];
  const { rollouts } = await rules.of(caller);
  const fitting = rollouts.filter(({ planId }) => planId === null || planId === product.plan.id);
  return fitting.length === 0 ? [] : readPlacings(em, caller, organization.id, fitting);
}
