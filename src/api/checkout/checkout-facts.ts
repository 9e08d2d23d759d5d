import type { Organization } from '../../db/entities/organization.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { findOrganization } from '../../db/queries/organizations.ts';
import { listLiveSubscriptions } from '../../db/queries/subscriptions.ts';
import type { Caller } from '../caller.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import { checkoutOrganization } from './checkout-organization.ts';
import { findCheckoutProduct, type Product } from './find-offer.ts';

/** What a checkout is decided from, as it stands when it is asked for. */
export interface CheckoutFacts {
  /** null: never named before. */
  readonly organization: Organization | null;
  readonly product: Product | null;
  readonly liveSubscriptions: readonly Subscription[];
}

/**
 * Reads side by side what a new checkout is decided from. It changes nothing, so that it may run beside the claim of the
 * request's key: the answer waits for the slowest of them, not for their sum.
 *
 * @throws {BillingError} of `checkoutOrganization` and `findCheckoutProduct`
 */
export async function readCheckoutFacts(em: Db, caller: Caller, body: CreateCheckoutBody): Promise<CheckoutFacts> {
  return readFactsOf(em, caller, body, checkoutOrganization(caller, body));
}

/** The same for an organization that the caller is known to be allowed to see. */
export async function readFactsOf(
  em: Db,
  caller: Caller,
  body: CreateCheckoutBody,
  id: string,
): Promise<CheckoutFacts> {
  const [organization, product, liveSubscriptions] = await Promise.all([
    findOrganization(em.fork(), { projectId: caller.projectId, live: caller.live, id }),
    findCheckoutProduct(em.fork(), caller, body),
    listLiveSubscriptions(em.fork(), caller, id),
  ]);
  return { organization, product, liveSubscriptions };
}
