import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered } from '../support/patient-caller.ts';
import { emailOf, legacyRecordsOf, type LegacyOffers, type LegacyRecords } from './legacy.ts';
import type { CustomerPlan } from './plan.ts';
import { createProviderApi } from './provider-api.ts';

const importSize = 250;
const organizationsAtOnce = 12;

/** The customers' records at the old provider, and their organizations in ours. Nothing fails yet. */
export async function seedLegacy(target: Target, customers: readonly CustomerPlan[], nowMs: number): Promise<void> {
  const offers = await prepareOffers(target);
  const { legacy } = createProviderApi(target);
  for (let from = 0; from < customers.length; from += importSize) {
    const records = customers.slice(from, from + importSize).map((each) => legacyRecordsOf(each, offers, nowMs));
    await legacy('POST', '/dashboard/import', joined(records));
  }
  await makeOrganizations(
    target,
    customers.filter(({ kind }) => kind !== 'a stranger’s'),
  );
}

function joined(records: readonly LegacyRecords[]): LegacyRecords {
  return {
    users: records.flatMap(({ users }) => users),
    subscriptions: records.flatMap(({ subscriptions }) => subscriptions),
    payments: records.flatMap(({ payments }) => payments),
  };
}

interface Offer {
  readonly id: string;
  readonly price: number;
  readonly currency: string;
  readonly recurringInterval: string | null;
}

/** Offers that our catalogue was pushed to, and one that somebody made in the dashboard. */
async function prepareOffers(target: Target): Promise<LegacyOffers> {
  const { legacy } = createProviderApi(target);
  const { offers } = await legacy<{ offers: readonly Offer[] }>('GET', '/v0/offers/list?take=100');
  const pushed = (interval: string, price: number): string => {
    const found = offers.find(
      (offer) => offer.recurringInterval === interval && offer.price === price && offer.currency === 'USD',
    );
    if (!found) throw new Error(`no offer of ${price} a ${interval} was pushed to the old provider`);
    return found.id;
  };
  const { product } = await legacy<{ product: { readonly id: string } }>('POST', '/v0/products/create', {
    ...{ name: 'Old plan', type: 'Subscription', status: 'ACTIVE' },
  });
  const { offer: unmapped } = await legacy<{ offer: { readonly id: string } }>('POST', '/v0/offers/create', {
    ...{ productId: product.id, name: 'Old plan', price: 17, currency: 'USD', recurringInterval: 'month' },
  });
  return { month: pushed('month', 2_900), year: pushed('year', 29_000), unmapped: unmapped.id };
}

async function makeOrganizations(target: Target, customers: readonly CustomerPlan[]): Promise<void> {
  const caller = createPatientCaller(target);
  const headers = { authorization: `Bearer ${target.secret_key}`, 'content-type': 'application/json' };
  const left = [...customers];
  const work = async () => {
    for (let customer = left.pop(); customer !== undefined; customer = left.pop()) {
      const body = JSON.stringify({ name: 'Legacy customer', email: emailOf(customer), country: customer.country });
      const path = `/api/v1/billing/organizations/${customer.organizationId}`;
      await caller.until('PUT', path, { headers, body }, isAnswered);
    }
  };
  await Promise.all(Array.from({ length: organizationsAtOnce }, work));
}
