import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { newId } from '../../src/db/new-id.ts';
import { subscriptionStart } from '../../src/workflows/start-options.ts';
import { inBatches } from '../clients/in-batches.ts';
import { createSandboxClient } from '../clients/sandbox.ts';
import type { Target } from '../stack/target.ts';

/** The provider whose API makes a subscription in two plain calls. */
export const provider = 'stripe';
const width = 32;

export interface Subscribed {
  readonly id: string;
  readonly organizationId: string;
  readonly customerId: string;
  readonly providerSubscriptionId: string;
  readonly periodStart: number;
  readonly periodEnd: number;
}

/**
 * Makes subscriptions at the sandbox while its webhooks are lost, writes the rows that paid checkouts would have left,
 * and starts their workflows, each of which reads its provider once.
 */
export async function prepareSubscriptions(input: {
  readonly target: Target;
  readonly database: pg.Client;
  readonly temporal: Client;
  readonly count: number;
  readonly print: (line: string) => void;
}): Promise<readonly Subscribed[]> {
  const { target, database, temporal, count, print } = input;
  const price = await findPrice(database);
  const sandbox = createSandboxClient(target);
  await sandbox.addFault({ provider: null, kind: 'webhook_lost', rate: 1 });
  print(`making ${count} subscriptions at the sandbox`);
  const subscribed = await inBatches([...Array(count).keys()], width, () => subscribe(target, price.theirs));
  await sandbox.clearFaults();
  print('writing their rows and starting their workflows');
  await writeRows(database, price, subscribed);
  await inBatches(subscribed, width, async (one) => {
    const scope = { projectId: 'default', live: false, organizationId: one.organizationId };
    const start = subscriptionStart({ ...scope, subscriptionId: one.id, provider, country: 'US', status: 'active' });
    await temporal.workflow.start('subscription', start);
  });
  return subscribed;
}

interface PriceIds {
  readonly plan_id: string;
  readonly price_id: string;
  readonly theirs: string;
}

async function findPrice(database: pg.Client): Promise<PriceIds> {
  const { rows } = await database.query<PriceIds>(
    `select price.plan_id, price.id as price_id, pushed.provider_price_id as theirs
     from prices price join plans plan on plan.id = price.plan_id
       join provider_prices pushed on pushed.price_id = price.id and pushed.provider = $1 and not pushed.live
     where plan.project_id = 'default' and plan.key = 'pro' and price.billing_interval = 'monthly' and price.currency = 'USD'`,
    [provider],
  );
  const [price] = rows;
  if (price === undefined) throw new Error(`the seeded plan "pro" was never pushed to ${provider}`);
  return price;
}

async function subscribe(target: Target, price: string): Promise<Subscribed> {
  const organizationId = `bench_${randomUUID().replaceAll('-', '')}`;
  const customer = await call<{ id: string }>(target, 'customers', {
    email: `${organizationId}@example.com`,
    'metadata[organization_id]': organizationId,
  });
  const card = await call<{ id: string }>(target, 'payment_methods/pm_card_visa/attach', { customer: customer.id });
  const made = await call<{
    id: string;
    items: { data: { current_period_start: number; current_period_end: number }[] };
  }>(target, 'subscriptions', {
    customer: customer.id,
    default_payment_method: card.id,
    'items[0][price]': price,
  });
  const [item] = made.items.data;
  if (item === undefined) throw new Error(`${made.id} has no items`);
  const period = { periodStart: item.current_period_start, periodEnd: item.current_period_end };
  return { id: newId('sub'), organizationId, customerId: customer.id, providerSubscriptionId: made.id, ...period };
}

async function call<T>(target: Target, path: string, body: Readonly<Record<string, string>>): Promise<T> {
  const { base_url: origin, api_key: key } = target.providers[provider] ?? {};
  const answer = await fetch(`${String(origin)}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(key)}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(body),
  });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function writeRows(database: pg.Client, price: PriceIds, rows: readonly Subscribed[]): Promise<void> {
  const column = (pick: (row: Subscribed) => string | number) => rows.map(pick);
  await database.query('begin');
  await database.query(`insert into organizations (project_id, live, id) select 'default', false, unnest($1::text[])`, [
    column((row) => row.organizationId),
  ]);
  await database.query(
    `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
     select 'default', false, organization_id, $3, customer_id from unnest($1::text[], $2::text[]) as made (organization_id, customer_id)`,
    [column((row) => row.organizationId), column((row) => row.customerId), provider],
  );
  await database.query(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval, quantity,
       country, provider, provider_subscription_id, provider_customer_id, amount_minor, currency, current_period_start,
       current_period_end)
     select id, 'default', false, organization_id, $7, $8, 'active', 'monthly', 1, 'US', $9, theirs, customer_id, 2900, 'USD',
       to_timestamp(period_start), to_timestamp(period_end)
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[])
       as made (id, organization_id, theirs, customer_id, period_start, period_end)`,
    [
      ...[column((row) => row.id), column((row) => row.organizationId), column((row) => row.providerSubscriptionId)],
      ...[column((row) => row.customerId), column((row) => row.periodStart), column((row) => row.periodEnd)],
      ...[price.plan_id, price.price_id, provider],
    ],
  );
  await database.query(
    `insert into provider_objects (project_id, live, provider, kind, provider_object_id, entity_kind, entity_id)
     select 'default', false, $3, 'subscription', theirs, 'subscription', id from unnest($1::text[], $2::text[]) as made (theirs, id)`,
    [column((row) => row.providerSubscriptionId), column((row) => row.id), provider],
  );
  await database.query('commit');
}
