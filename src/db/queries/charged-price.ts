import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { PriceEntity, ProviderPriceEntity, type PriceRow } from '../entities/plan.ts';
import type { Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

/**
 * Our price that a provider charges for now, in case its customer changed it there: by the provider's price, else by
 * its product in the subscription's currency, where that leaves one.
 *
 * @returns null: the present one, or none that we know.
 */
export async function findChargedPrice(
  em: Db,
  row: Subscription,
  price: SubscriptionTruth['price'],
): Promise<PriceRow | null> {
  const { projectId, live, provider } = row;
  if (provider === null || price === null) return null;
  const mapped = async (where: { readonly providerPriceId: string } | { readonly providerProductId: string }) => {
    const ids = await em.find(ProviderPriceEntity, { projectId, live, provider, ...where }, { fields: ['priceId'] });
    return ids.map(({ priceId }) => priceId);
  };
  const { providerPriceId, providerProductId } = price;
  const exact = providerPriceId === null ? [] : await mapped({ providerPriceId });
  const ids = exact.length > 0 || providerProductId === null ? exact : await mapped({ providerProductId });
  if (ids.length === 0 || ids.includes(row.priceId)) return null;
  const prices = await em.find(PriceEntity, { projectId, id: { $in: ids }, billingInterval: { $ne: null } });
  const fitting = prices.filter(({ currency }) => currency === row.currency);
  const [only, another] = prices.length === 1 ? prices : fitting;
  return another === undefined ? (only ?? null) : null;
}
