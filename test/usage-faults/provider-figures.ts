import type pg from 'pg';
import type { Target } from '../../bench/stack/target.ts';
import type { Figure } from './usage-books.ts';

/**
 * What the providers' stand-ins themselves say that they have counted, read as their own SDKs read it and not through our
 * adapters: a meter that an adapter misreads would agree with itself.
 */
export async function readProviderFigures(
  target: Target,
  database: pg.Pool,
  meterIds: ReadonlyMap<string, string>,
  window: { readonly from: Date; readonly to: Date },
): Promise<readonly Figure[]> {
  const { rows: customers } = await database.query<Customer>(
    `select organization_id, provider, provider_customer_id from provider_customers where provider = any ($1)`,
    [Object.keys(readers)],
  );
  const figures = await Promise.all(
    Object.entries(readers).map(async ([provider, reader]) => {
      const own = customers.filter((customer) => customer.provider === provider);
      return reader(accountOf(target, provider), own, meterIds, window);
    }),
  );
  return figures.flat();
}

interface Customer {
  readonly organization_id: string;
  readonly provider: string;
  readonly provider_customer_id: string;
}

interface Account {
  readonly base_url: string;
  readonly api_key: string;
}

type Reader = (
  account: Account,
  customers: readonly Customer[],
  meterIds: ReadonlyMap<string, string>,
  window: { readonly from: Date; readonly to: Date },
) => Promise<readonly Figure[]>;

interface PolarMeters {
  readonly items: readonly { readonly id: string; readonly metadata: { readonly meter_id?: string } }[];
}

const polar: Reader = async (account, customers, meterIds, { from, to }) => {
  const { items } = await get<PolarMeters>(account, '/v1/meters/?limit=100');
  const figures: Figure[] = [];
  for (const { id, metadata } of items)
    for (const customer of customers) {
      const meter = meterIds.get(metadata.meter_id ?? '');
      if (meter === undefined) continue;
      const range = `start_timestamp=${from.toISOString()}&end_timestamp=${to.toISOString()}&interval=day`;
      const path = `/v1/meters/${id}/quantities?${range}&customer_id=${customer.provider_customer_id}`;
      const { total } = await get<{ readonly total: number }>(account, path);
      figures.push({ organizationId: customer.organization_id, meter, value: decimalOf(total) });
    }
  return figures;
};

interface StripeMeters {
  readonly data: readonly { readonly id: string; readonly event_name: string }[];
}
interface StripeSummaries {
  readonly data: readonly { readonly aggregated_value: number }[];
}

const stripe: Reader = async (account, customers, meterIds, { from, to }) => {
  const { data } = await get<StripeMeters>(account, '/v1/billing/meters?limit=100');
  const ours = new Set(meterIds.values());
  const minuteOf = (at: Date) => Math.floor(at.getTime() / 60_000) * 60;
  const figures: Figure[] = [];
  for (const { id, event_name: meter } of data)
    for (const customer of ours.has(meter) ? customers : []) {
      const range = `start_time=${minuteOf(from)}&end_time=${minuteOf(to)}`;
      const path = `/v1/billing/meters/${id}/event_summaries?customer=${customer.provider_customer_id}&${range}`;
      const { data: summaries } = await get<StripeSummaries>(account, path);
      const value = decimalOf(summaries[0]?.aggregated_value ?? 0);
      figures.push({ organizationId: customer.organization_id, meter, value });
    }
  return figures;
};

const readers: Readonly<Record<string, Reader>> = { polar, stripe };

function accountOf({ providers }: Target, provider: string): Account {
  const { base_url: url, api_key: key } = providers[provider] ?? {};
  if (typeof url !== 'string' || typeof key !== 'string') throw new Error(`${provider} does not run`);
  return { base_url: url, api_key: key };
}

async function get<T>({ base_url: url, api_key: key }: Account, path: string): Promise<T> {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The stand-ins sum doubles; quantities of a run have three digits after the point, so six are free of their noise. */
export function decimalOf(double: number): string {
  return double.toFixed(6).replace(/\.?0+$/, '');
}
