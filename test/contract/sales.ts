import type { CheckoutTruth } from '../../src/domain/checkout/truth.ts';
import type { SubscriptionTruth } from '../../src/domain/subscription/truth.ts';
import { operationsOf, providerIds } from '../../src/providers/accounts.ts';
import type { CreateCheckoutInput, Page, PageQuery, ProviderAccount } from '../../src/providers/port.ts';
import { aCheckout, nextId, type World } from './support.ts';

/** Cards that every provider's test mode knows. */
export const cards = {
  good: '4242424242424242',
  declinesLater: '4000000000000341',
  challenged: ['4000002760003184', '4000000000001091'],
} as const;

/** The providers that can do all of these; a group that nobody has would make its tests vanish, so that fails. */
export function providersWith(...operations: readonly string[]): readonly string[] {
  const able = providerIds().filter((id) => operations.every((operation) => operationsOf(id).includes(operation)));
  if (able.length === 0) throw new Error(`no provider has ${operations.join(' and ')}`);
  return able;
}

export interface Sale {
  readonly account: ProviderAccount;
  readonly input: CreateCheckoutInput;
  readonly truth: CheckoutTruth;
  readonly providerCheckoutId: string;
  readonly providerCustomerId: string;
}

/** A checkout, opened and paid with a good card on the provider's own page. */
export async function sell(
  world: World,
  provider: string,
  more: Parameters<typeof aCheckout>[2] = {},
  card: string = cards.good,
): Promise<Sale> {
  const account = world.account(provider);
  const input = await aCheckout(provider, account, more);
  const session = await account.client.checkouts.create(input);
  if (session.outcome !== 'opened') throw new Error(`not opened: ${JSON.stringify(session)}`);
  const { providerCheckoutId } = session;
  await world.complete(provider, providerCheckoutId, 'paid', { card });
  const truth = await account.client.checkouts.get(providerCheckoutId);
  if (truth?.state !== 'paid') throw new Error(`not paid: ${JSON.stringify(truth)}`);
  return { account, input, truth, providerCheckoutId, providerCustomerId: truth.providerCustomerId ?? '' };
}

export interface Subscribed extends Sale {
  readonly subscription: SubscriptionTruth;
  readonly ref: { readonly providerSubscriptionId: string; readonly providerCustomerId: string | null };
}

export async function subscribe(
  world: World,
  provider: string,
  more: Parameters<typeof aCheckout>[2] = {},
  card: string = cards.good,
): Promise<Subscribed> {
  const sale = await sell(world, provider, { mode: 'subscription', ...more }, card);
  const { subscription } = sale.truth;
  if (!subscription) throw new Error('the checkout started no subscription');
  const { providerSubscriptionId, providerCustomerId } = subscription;
  return { ...sale, subscription, ref: { providerSubscriptionId, providerCustomerId } };
}

/** What the provider's own browser script would make of a card. */
export async function tokenOf(world: World, provider: string, number: string): Promise<string> {
  const made = await world.control('POST', `tokens/${provider}`, { number });
  if (typeof made === 'object' && made !== null && 'token' in made) return String(made.token);
  throw new Error(`no token: ${JSON.stringify(made)}`);
}

/** Every item of a list, read page by page; a list that repeats or never ends fails. */
export async function everything<T>(list: (query: PageQuery) => Promise<Page<T>>, limit = 1): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 500; pages += 1) {
    const page: Page<T> = await list({ cursor, limit });
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    if (page.nextCursor === cursor) throw new Error('the cursor stands still');
    cursor = page.nextCursor;
  }
  throw new Error('the list does not end');
}

export const key = () => ({ idempotencyKey: nextId('key') });
