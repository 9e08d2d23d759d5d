import { createHash, randomBytes } from 'node:crypto';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArchiveAccount } from '../../../src/activities/archive-migration.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { createBeginProof, createFinishProof, createProvePage } from '../../../src/activities/prove-migration.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { newId } from '../../../src/db/new-id.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { ProviderInvoice } from '../../../src/providers/port-money.ts';
import type { ProviderClient, ProviderDirectory } from '../../../src/providers/port.ts';
import { faultsOf, readProof } from '../../../scripts/verify-proof.ts';
import { healthy } from '../../support/healthy.ts';
import { anInvoice, aTruth } from '../db/subscription-world.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

const day = 86_400_000;
const ago = (days: number) => new Date(Math.floor(Date.now() / day) * day - days * day).toISOString();
const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);

/** What both providers tell, by subscription. */
const told = new Map<string, { readonly truth: ReturnType<typeof aTruth>; readonly invoices: ProviderInvoice[] }>();
const customer = { providerCustomerId: 'cus', billingReason: 'subscription_cycle', lines: [] } as const;
const users = Array.from({ length: 230 }, (_, index) => ({ id: `user_${index}`, email: `u${index}@example.com` }));

const client: Partial<ProviderClient> = {
  subscriptions: {
    get: async ({ providerSubscriptionId: id }) => {
      if (id === 'broken') throw new BillingError({ code: 'provider_error', kind: 'unavailable', message: 'Oops.' });
      return told.get(id)?.truth ?? null;
    },
    list: async () => ({ items: [], nextCursor: null }),
    cancel: () => Promise.reject(new Error('a proof cancels nothing')),
  },
  invoices: {
    get: async () => null,
    // One a page, and the last of each page again on the next.
    list: async ({ providerSubscriptionId, cursor }) => {
      const all = told.get(providerSubscriptionId ?? '')?.invoices ?? [];
      const at = Number(cursor ?? 0);
      return { items: all.slice(Math.max(0, at - 1), at + 1), nextCursor: at + 1 < all.length ? String(at + 1) : null };
    },
  },
  archive: {
    sections: () => ['users', 'payments'],
    list: async ({ section, cursor, limit }) => {
      const at = Number(cursor ?? 0);
      const all = section === 'users' ? users : [];
      const items = all.slice(at, at + limit).map((record) => ({ id: record.id, record }));
      return { items, nextCursor: at + limit < all.length ? String(at + limit - 5) : null };
    },
  },
};

function providersOf(): ProviderDirectory {
  const providers = fakeProviders(['merchant', 'local', 'world'], client);
  return { ...providers, operations: (id) => [...providers.operations(id), 'archive.list', 'changes.list'] };
}

let api: TestApi;
let deps: ActivityDeps;
let migrationId: string;
const items: Record<string, string> = {};

beforeAll(async () => {
  const providers = providersOf();
  api = await startApi({ keyRing, providers });
  deps = {
    ...{ orm: api.orm, providers, background: providers, health: healthy, keyRing },
    ...{ lookGapsMs: [], maxCallsInFlight: 4 },
  };
  api.temporal.work = work;
  migrationId = newId('mig');
  await api.query(
    `insert into migrations (id, project_id, live, name, from_provider, dry_run, source, settings, status, why, started_at, actor)
     values (?, 'default', false, 'Moving out', 'merchant', false, 'provider', ?, 'running', 'It runs.', ?, 'me')`,
    [migrationId, JSON.stringify({ watchMinutes: 1440 }), ago(40)],
  );
  await moved('clean');
  await moved('twice', [aCharge('twice-again', ago(45), ago(15))]);
  await left('lonely', []);
  await left('broken', []);
});
afterAll(() => api?.close());

/** The workflows, without Temporal: page by page as they do, and all of it twice, as when a worker is killed after it. */
async function work(workflowId: string): Promise<void> {
  const [kind, id = ''] = workflowId.split('/');
  const ref = { projectId: 'default', live: false };
  if (kind === 'migration-archive')
    for (let times = 0; times < 2; times += 1) await createArchiveAccount(deps)({ ...ref, archiveId: id });
  if (kind !== 'migration-proof') return;
  const proof = { ...ref, proofId: id };
  const provePage = createProvePage(deps);
  for (let { cursor } = await createBeginProof(deps)(proof); ;) {
    await expect(provePage({ ...proof, cursor, isLast: false })).rejects.toThrow('Oops.');
    await provePage({ ...proof, cursor, isLast: true });
    const page = await provePage({ ...proof, cursor, isLast: true });
    if (page.cursor === null) break;
    cursor = page.cursor;
  }
  await createFinishProof(deps)(proof);
  const [signed] = await api.query('select signature from migration_proofs where id = ?', [id]);
  await createFinishProof(deps)(proof);
  expect(await api.query('select signature from migration_proofs where id = ?', [id])).toEqual([signed]);
}

function aCharge(id: string, periodStart: string, periodEnd: string): ProviderInvoice {
  const times = { periodStart, periodEnd, issuedAt: periodStart, paidAt: periodStart };
  return { ...anInvoice(id, times), ...customer, providerSubscriptionId: id.split('-')[0] ?? '' };
}

async function anItem(name: string, columns: Readonly<Record<string, unknown>>): Promise<void> {
  const id = newId('mi');
  items[name] = id;
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [name]);
  const legacy = {
    ...{ providerSubscriptionId: name, providerCustomerId: 'cus', status: 'active', offerId: `offer-${name}` },
    ...{
      quantity: 1,
      amountMinor: 2900,
      currency: 'USD',
      interval: 'month',
      periodStart: ago(45),
      paidThrough: ago(15),
    },
    cancelAtPeriodEnd: false,
  };
  const row = {
    ...{ id, migration_id: migrationId, organization_id: name, provider_subscription_id: name, legacy },
    ...{ provider_customer_id: 'cus', state: 'done', project_id: 'default', live: false, ...columns },
  };
  const values = Object.values(row).map((value) => (value === legacy ? JSON.stringify(legacy) : value));
  const names = Object.keys(row);
  await api.query(
    `insert into migration_items (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    values,
  );
}

/** Paid to the old provider until two weeks ago, and to the new one since. */
async function moved(name: string, more: readonly ProviderInvoice[] = []): Promise<void> {
  const id = newId('sub');
  const [price] = await api.query(`select id from prices where plan_id = ? limit 1`, [api.plans.pro]);
  await anItem(name, { new_provider: 'world', new_subscription_id: id });
  await api.query(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
       quantity, provider, provider_subscription_id, provider_customer_id, amount_minor, currency)
     values (?, 'default', false, ?, ?, ?, 'active', 'monthly', 1, 'world', ?, 'cus', 2900, 'USD')`,
    [id, name, api.plans.pro, price?.['id'], `${name}New`],
  );
  const old = { currentPeriodStart: ago(45), currentPeriodEnd: ago(15), endedAt: ago(15) };
  told.set(name, {
    truth: aTruth({ providerSubscriptionId: name, status: 'canceled', ...old }),
    invoices: [aCharge(`${name}-1`, ago(45), ago(15)), ...more],
  });
  const now = { currentPeriodStart: ago(15), currentPeriodEnd: ago(-15) };
  told.set(`${name}New`, {
    truth: aTruth({ providerSubscriptionId: `${name}New`, ...now }),
    invoices: [aCharge(`${name}New-1`, ago(15), ago(-15))],
  });
}

/** Still at the old provider alone, which tells of it (unless it is broken), and of no charge. */
async function left(name: string, invoices: ProviderInvoice[]): Promise<void> {
  await anItem(name, { state: 'excluded', code: 'past_due' });
  const period = { currentPeriodStart: ago(45), currentPeriodEnd: ago(15) };
  told.set(name, { truth: aTruth({ providerSubscriptionId: name, ...period }), invoices });
}

const path = () => `/ops/migrations/${migrationId}`;
const text = async (of: string) => {
  const response = await fetch(`${api.url}/api/v1${path()}${of}`, {
    headers: { authorization: `Bearer ${api.keys.secret}` },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('a proof', () => {
  it('is made from what both providers say, and verified without the engine', async () => {
    expect((await api.call('GET', `${path()}/proof`)).body.code).toBe('migration_proof_not_found');
    const asked = await api.call('POST', `${path()}/proof`, { body: {} });
    expect(asked.status).toBe(202);
    const whole = readProof((await text('/proof')).text);
    expect(whole).toMatchObject({ status: 'succeeded', items_done: 4 });
    const verdicts = Object.fromEntries(whole.lines.map((line) => [line.organization_id, line.verdict]));
    expect(verdicts).toEqual({ clean: 'charged', twice: 'overlap', lonely: 'gap', broken: 'unproven' });
    expect(whole.lines.map(({ verdict }) => verdict)).toEqual(['gap', 'overlap', 'unproven', 'charged']);
    const clean = whole.lines.find((line) => line.organization_id === 'clean');
    expect(clean?.periods).toEqual([
      { start: ago(45), end: ago(15), state: 'charged', provider: 'merchant', charges: ['clean-1'] },
      { start: ago(15), end: ago(-15), state: 'charged', provider: 'world', charges: ['cleanNew-1'] },
    ]);
    expect(whole.report).toMatchObject({ items: 4, is_clean: false, periods: { overlap: 1 } });

    const keys: { data: { public_key: string }[] } = JSON.parse(
      await (
        await fetch(`${api.url}/api/v1/ops/migration-proofs/keys`, {
          headers: { authorization: `Bearer ${api.keys.secret}` },
        })
      ).text(),
    );
    const publicKey = keys.data[0]?.public_key ?? '';
    const csv = (await text('/proof.csv')).text;
    expect(csv.split('\r\n')).toHaveLength(whole.lines.flatMap(({ periods }) => periods).length + 3);
    expect(faultsOf(whole, publicKey, csv)).toEqual([]);
    expect(faultsOf(whole, publicKey, csv.replace('clean-1', 'clean-2'))).not.toEqual([]);
  });

  it('is noticed to be changed, whatever byte of its report, its lines or its signature it is', async () => {
    const whole = (await text('/proof')).text;
    const publicKey = /"public_key":"([^"]+)"/.exec(whole)?.[1] ?? '';
    const between = (from: string, to: string) => {
      const start = whole.indexOf(from) + from.length;
      return { start, end: whole.indexOf(to, start) };
    };
    const parts = [between('"report":', ',"signature":'), between('"value":"', '"'), between('"lines":[', ']}\n')];
    const places = parts.flatMap(({ start, end }) =>
      [...whole.slice(start, end < 0 ? undefined : end).matchAll(/[0-9a-z]/gi)].map(({ index }) => start + index),
    );
    const step = Math.ceil(places.length / 500);
    const unnoticed = places.filter((place, index) => {
      if (index % step !== 0) return false;
      const was = whole[place] ?? '';
      const other = /[0-8]/.test(was) ? String(Number(was) + 1) : was === 'b' ? 'c' : 'b';
      const changed = `${whole.slice(0, place)}${other}${whole.slice(place + 1)}`;
      try {
        return faultsOf(readProof(changed), publicKey, null).length === 0;
      } catch {
        return false; // No JSON any more, or no proof's: noticed.
      }
    });
    expect(unnoticed.map((place) => whole.slice(place - 40, place + 20))).toEqual([]);
  });

  it('is shown to its own operators alone, what must be looked at first', async () => {
    const page = await text('/proof/page');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text.indexOf('lonely')).toBeLessThan(page.text.indexOf('cleanNew'));
    expect(page.text).toMatch(/Look at 1 with a gap \(the longest \d+ s\), 1 with an overlap and 1 unproven\./);
    for (const of of ['/proof', '/proof.csv', '/proof/page', '/cleanup', '/archives'])
      expect((await api.call('GET', `${path()}${of}`, { key: api.keys.other })).status).toBe(404);
    expect((await api.call('POST', `${path()}/proof`, { key: api.keys.reader, body: {} })).status).toBe(403);
  });
});

describe('an archive', () => {
  it('has every record once, and is read by its recipient with the age tool’s own format', async () => {
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    const asked = await api.call('POST', `${path()}/archives`, { body: { recipient } });
    expect(asked.status).toBe(202);
    const listed = await api.call('GET', `${path()}/archives`);
    expect(listed.body.data[0]).toMatchObject({ status: 'succeeded', records: { users: 230, payments: 0 } });
    const response = await fetch(`${api.url}/api/v1${path()}/archives/${asked.body.id}/content`, {
      headers: { authorization: `Bearer ${api.keys.secret}` },
    });
    const content = new Uint8Array(await response.arrayBuffer());
    expect(listed.body.data[0]).toMatchObject({ sha256: createHash('sha256').update(content).digest('hex') });
    expect(Buffer.from(content).toString('latin1')).not.toContain('example.com');

    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const plain = await decrypter.decrypt(content, 'text');
    const lines = plain.trimEnd().split('\n');
    expect(lines.slice(1, -1)).toEqual(users.map((record) => JSON.stringify({ section: 'users', record })));
    const before = plain.slice(0, plain.lastIndexOf('{"section":"end"'));
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ sha256: createHash('sha256').update(before).digest('hex') });
    const stranger = new Decrypter();
    stranger.addIdentity(await generateX25519Identity());
    await expect(stranger.decrypt(content, 'text')).rejects.toThrow();
  });

  it.each(['age1typo', `age1${'q'.repeat(58)}`, 'AGE-SECRET-KEY-1QQQ'])(
    'is for nobody called %s',
    async (recipient) => {
      const refused = await api.call('POST', `${path()}/archives`, { body: { recipient } });
      expect([refused.status, refused.body.errors[0]?.pointer]).toEqual([422, '/recipient']);
    },
  );
});

describe('the list of what to delete', () => {
  it('names keys but no values, and what stands before', async () => {
    const { text: cleanup } = await text('/cleanup');
    const answer: { status: string; blockers: { code: string }[]; steps: { kind: string; name: string }[] } =
      JSON.parse(cleanup);
    expect(answer.status).toBe('blocked');
    expect(answer.blockers.map(({ code }) => code)).toEqual(['proof_not_clean']);
    const named = (kind: string) => answer.steps.filter((step) => step.kind === kind).map(({ name }) => name);
    expect(named('policy')).toEqual(['standard']);
    expect(named('price').length).toBeGreaterThan(0);
    expect(named('schedule')).toEqual(['reconciliation/merchant']);
    expect(named('webhook')[0]).toBe('http://api.test/api/v1/webhooks/merchant');
    expect(named('key')).toEqual(expect.arrayContaining(['FAKE_KEY', 'FAKE_WEBHOOK_SECRET_PREVIOUS']));
    expect(answer.steps.at(-1)?.kind).toBe('key');
  });
});
