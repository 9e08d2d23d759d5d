import { z } from 'zod';
import { migrationItemWorkflowId, migrationWorkflowId } from '../../src/workflows/messages.ts';
import { ask } from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { moment, operate, type Story } from './story.ts';

const made = z.looseObject({ id: z.string() });
const page = z.looseObject({ data: z.array(z.looseObject({ id: z.string(), state: z.string() })) });
const path = '/ops/migrations';
/** Whom the customers leave. */
const from = 'fungies';
const dayMs = 86_400_000;

const offers = z.looseObject({
  data: z.object({
    offers: z.array(
      z.looseObject({
        id: z.string(),
        price: z.number(),
        currency: z.string(),
        recurringInterval: z.string().nullish(),
      }),
    ),
  }),
});
const account = z.looseObject({ base_url: z.string(), api_key: z.string(), api_secret: z.string() });
let customers = 0;

/** Somebody who pays the old provider since before this engine was there. */
async function aCustomer(at: System): Promise<void> {
  const organization = `org_legacy_${(customers += 1)}`;
  const email = `${organization}@example.com`;
  await at.api('PUT', `/billing/organizations/${organization}`, { name: 'Ada', email, country: 'US' });
  const known = offers.parse(await old(at, 'GET', '/v0/offers/list?take=100')).data.offers;
  const offer = known.find((each) => each.recurringInterval === 'month' && each.currency === 'USD');
  const startMs = Date.now() - 10 * dayMs;
  const [userId, id] = [`0000000${customers}-0000-4000-8000-000000000001`, `L0LEGACY0000000${customers}`];
  const period = { currentIntervalStart: startMs, currentIntervalEnd: startMs + 30 * dayMs };
  await old(at, 'POST', '/dashboard/import', {
    users: [{ id: userId, email, internalId: organization, card: '4242424242424242' }],
    subscriptions: [{ id, userId, quantity: 1, offerId: offer?.id, status: 'active', createdAt: startMs, ...period }],
    payments: [{ subscriptionId: id, type: 'subscription_initial', createdAt: startMs }],
  });
}

async function old(at: System, method: string, to: string, body?: object): Promise<unknown> {
  const { base_url: base, api_key: reads, api_secret: writes } = account.parse(at.stack.devFile().providers[from]);
  const keys = { 'x-fngs-public-key': reads, 'x-fngs-secret-key': writes };
  const headers = { 'content-type': 'application/json', ...keys };
  const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${base}${to}`, request);
  if (answer.ok) return answer.json();
  throw new Error(`${method} ${to} answered ${answer.status}: ${await answer.text()}`);
}

/** Planned with its money, and nothing done. */
const planned: Story = async (at) => {
  await aCustomer(at);
  const { id } = made.parse(await operate(at, 'POST', path, { name: 'Rehearsal', from, dry_run: true }));
  return { 'migrate-planned': migrationWorkflowId(id) };
};

/** Its customers are told, then an operator holds it, lets it go on and ends it: they stay. */
const aborted: Story = async (at) => {
  await aCustomer(at);
  const { id } = made.parse(await operate(at, 'POST', path, { name: 'Away', from, dry_run: false }));
  const items = async (state: string) =>
    page.parse(await operate(at, 'GET', `${path}/${id}/items?state=${state}`)).data;
  for (let tries = 0; (await items('notified')).length === 0; tries += 1) {
    if (tries > 600) throw new Error(`nobody of ${id} was told`);
    await moment();
  }
  const [told] = await items('notified');
  await operate(at, 'POST', `${path}/${id}/pause`, {});
  await operate(at, 'POST', `${path}/${id}/resume`, {});
  await operate(at, 'POST', `${path}/${id}/abort`, {});
  return {
    'migrate-aborted': migrationWorkflowId(id),
    'migrate-customer-rolled-back': migrationItemWorkflowId(id, told?.id ?? ''),
  };
};

/** One customer presses the button, pays, is moved and cancelled, and then leaves the new provider too. */
const moved: Story = async (at) => {
  await aCustomer(at);
  const { id } = made.parse(await operate(at, 'POST', path, { name: 'Moved', from, dry_run: false }));
  const rows = async (sql: string) => (await at.db.query<Readonly<Record<string, string>>>(sql, [id])).rows;
  const until = async (sql: string) => {
    for (let tries = 0; tries < 1_200; tries += 1) {
      const [row] = await rows(sql);
      if (row !== undefined) return row;
      await moment();
    }
    throw new Error(`${id} never came so far: ${sql}`);
  };
  const told = await until(
    `select object_id as item, data->>'link' as link from outbound_events
     where type = 'migration.notified' and data->>'migration_id' = $1`,
  );
  const { item = '', link = '' } = told;
  const page = `${at.apiUrl}${new URL(link).pathname}`;
  await fetch(page, { method: 'POST', redirect: 'manual' });
  const opened = await until(
    `select id, provider from checkouts where metadata->>'migration' = $1 and status = 'open' and checkout_url is not null`,
  );
  await at.complete({ provider: opened['provider'] ?? null, checkout_id: opened['id'] ?? '' }, 'paid');
  const watched = await until(
    `select new_subscription_id as id from migration_items where migration_id = $1 and state = 'watching'`,
  );
  await ask(at, 'POST', `/billing/subscriptions/${watched['id'] ?? ''}/cancel?cancel_immediately=true`, {});
  await fetch(`${page}?back=1`);
  return { 'migrate-customer-moved': migrationItemWorkflowId(id, item) };
};

export const migrationStories: readonly Story[] = [planned, aborted, moved];
