import type { Organization } from '../../db/entities/organization.ts';
import type { Db } from '../../db/orm.ts';
import { BillingError } from '../../domain/errors.ts';
import type { CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import {
  chooseCountry,
  type BlockedCountry,
  type CountryEvidence,
  type EvidencePiece,
} from '../../domain/routing/country.ts';
import type { Request } from 'express';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import { checkoutContact } from './checkout-contact.ts';
import { readFactsOf } from './checkout-facts.ts';
import { blockedRefusal, blockOf, gatherEvidence } from './country-evidence.ts';
import { refuseSecond } from './create-checkout.ts';
import { considerRouting, type RoutingInput, type RoutingOutcome } from './decide-routing.ts';
import { weighCheckout } from './weigh-checkout.ts';

export interface CheckoutExplanation {
  readonly evidence: readonly EvidencePiece[];
  readonly chosen: CountryEvidence;
  readonly block: BlockedCountry | null;
  readonly input: RoutingInput;
  readonly outcome: RoutingOutcome;
  /** Why the checkout would be refused; null: it would not. Return addresses are not looked at. */
  readonly refusal: BillingError | null;
}

/**
 * What `createCheckout` would decide, by the same functions, without writing or calling anything.
 *
 * @throws {BillingError} `product_not_found`, `price_not_found`, `contact_sales`
 */
export async function explainCheckout(
  em: Db,
  deps: ApiDeps,
  input: {
    readonly caller: Caller;
    readonly request: Request;
    readonly body: CreateCheckoutBody;
    readonly organizationId: string;
    readonly policy: CompiledPolicy;
  },
): Promise<CheckoutExplanation> {
  const { body, caller, organizationId, policy, request } = input;
  const { product, liveSubscriptions, ...known } = await readFactsOf(em, caller, body, organizationId);
  const organization = known.organization ?? unnamed(organizationId);
  const evidence = await gatherEvidence(deps, { request, body, organization });
  const chosen = chooseCountry(evidence);
  const block = await blockOf(deps, { caller, evidence: chosen, body });
  const { offer, routing } = await weighCheckout(em, deps, {
    ...{ caller, body, organization, evidence: chosen, product, liveSubscriptions, policy },
    preferredProvider: null,
  });
  const outcome = considerRouting(deps, routing);
  const refusal =
    (block && blockedRefusal(block)) ??
    refusalOf(() => refuseSecond(caller, offer, liveSubscriptions)) ??
    outcome.refusal ??
    refusalOf(() => {
      const [provider] = outcome.attempts;
      const abilities = provider === undefined ? null : deps.providers.abilities(provider);
      checkoutContact({ body, organization, defaultPhone: caller.project.defaultPhone, abilities });
    });
  return { evidence, chosen, block, input: routing, outcome, refusal };
}

type Buyer = Pick<Organization, 'id' | 'country' | 'preferredProvider' | 'email' | 'name' | 'phone'>;

/** One that no call has named yet. */
function unnamed(id: string): Buyer {
  return { id, country: null, preferredProvider: null, email: null, name: null, phone: null };
}

function refusalOf(act: () => void): BillingError | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof BillingError) return error;
    throw error;
  }
}
