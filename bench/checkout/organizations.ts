import { randomUUID } from 'node:crypto';
import { checkoutRequest, expireCheckout, markets, openCheckout, type Market } from '../clients/billing.ts';
import { inBatches } from '../clients/in-batches.ts';
import type { PlannedRequest } from '../load/plans.ts';
import type { Target } from '../stack/target.ts';

const organizationsPerMarket = 12;

export interface Organizations {
  /** Requests of that many checkouts, going round the markets and their organizations. */
  requests(count: number, among?: readonly Market[]): readonly (PlannedRequest & { readonly market: Market })[];
}

/**
 * Opens a first checkout for every organization that the run will use: an organization's first one makes two provider
 * calls (customer and session), every later one makes one.
 */
export async function warmOrganizations(target: Target): Promise<Organizations> {
  const run = randomUUID().slice(0, 8);
  const nameOf = (market: Market, index: number) =>
    `bench_${run}_${market.country.toLowerCase()}_${index % organizationsPerMarket}`;
  let taken = 0;
  const requests: Organizations['requests'] = (count, among = markets) =>
    Array.from({ length: count }, () => {
      const index = taken++;
      const market = among[index % among.length];
      if (market === undefined) throw new Error('there is at least one market');
      const organizationId = nameOf(market, Math.floor(index / among.length));
      const idempotencyKey = randomUUID();
      return { ...checkoutRequest(target, { country: market.country, organizationId, idempotencyKey }), market };
    });
  await inBatches(requests(organizationsPerMarket * markets.length), 3, async (request) => {
    const { checkout_id: id, provider } = await openCheckout(target, request);
    if (provider !== request.market.provider)
      throw new Error(`${request.market.country} was served by ${provider ?? 'nobody'}: is a fault still set?`);
    await expireCheckout(target, id);
  });
  return { requests };
}
