import { z } from 'zod';
import type { Customer } from './customer.ts';
import type { Shop } from './shop.ts';

const ledger = z.array(
  z.object({
    kind: z.enum(['charge', 'refund', 'dispute', 'dispute_reversal']),
    amount_minor: z.number(),
    status: z.string(),
    customer: z.string().nullable(),
  }),
);
const book = z.object({ charged: z.number(), refunded: z.number(), disputed: z.number() });
type Book = z.output<typeof book>;

/** One kind of money at one provider, as the provider and as our rows have it. */
export interface LedgerLine {
  readonly kind: 'charged' | 'refunded' | 'disputed';
  readonly currency: string;
  readonly theirsMinor: number;
  readonly oursMinor: number;
}

/** Both books of one customer, summed by kind. */
export async function compareLedgers(shop: Shop, customer: Customer): Promise<readonly LedgerLine[]> {
  const theirs = await theirBook(shop, customer);
  const ours = await ourBook(shop, customer);
  return (['charged', 'refunded', 'disputed'] as const).map((kind) => ({
    ...{ kind, currency: customer.currency, theirsMinor: Math.abs(theirs[kind]), oursMinor: ours[kind] },
  }));
}

async function theirBook(shop: Shop, customer: Customer): Promise<Book> {
  const [known] = await shop.rows(
    z.object({ id: z.string() }),
    'select provider_customer_id as id from provider_customers where organization_id = $1 and provider = $2',
    [customer.organizationId, customer.provider.id],
  );
  const entries = ledger.parse(await shop.sandbox('GET', `ledger?provider=${customer.provider.id}`));
  // A dispute holds the money while it is open.
  const own = entries.filter(
    (entry) =>
      entry.customer === known?.id &&
      (entry.status === 'succeeded' || (entry.kind === 'dispute' && entry.status === 'pending')),
  );
  const sum = (kind: (typeof own)[number]['kind']) =>
    own.filter((entry) => entry.kind === kind).reduce((total, entry) => total + Math.abs(entry.amount_minor), 0);
  return { charged: sum('charge'), refunded: sum('refund'), disputed: sum('dispute') - sum('dispute_reversal') };
}

async function ourBook(shop: Shop, customer: Customer): Promise<Book> {
  const [row] = await shop.rows(
    book,
    `select
       (select coalesce(sum(amount_minor), 0)::int from payments
         where organization_id = $1 and status = 'succeeded') as charged,
       (select coalesce(sum(refunded_minor), 0)::int from payments where organization_id = $1) as refunded,
       (select coalesce(sum(amount_minor), 0)::int from disputes
         where organization_id = $1 and status not in ('won', 'warning')) as disputed`,
    [customer.organizationId],
  );
  if (!row) throw new Error('no sums');
  return row;
}
