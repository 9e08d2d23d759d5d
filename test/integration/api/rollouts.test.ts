import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from '../../../src/domain/routing/bucket.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.query(`update rollouts set superseded_at = now() where superseded_at is null`);
  api.temporal.ran.length = 0;
  api.temporal.work = async () => undefined;
});

const path = '/ops/rollouts';
const wish = { name: 'leave', from: 'world', to: 'merchant', stages: [10, 50, 100] };
const ask = (body: object = {}, options: object = {}) =>
  api.call('POST', path, { body: { ...wish, ...body }, ...options });
const begin = async (body: object = {}) => (await ask(body)).body.id;

interface Seen {
  readonly id: string;
  readonly rule: string;
  readonly status: string;
  readonly stage: number;
  readonly why: string;
  readonly provider: string;
  readonly attempts: readonly string[];
  readonly rollout: { readonly arm: string | null; readonly is_assigned: boolean } | null;
  readonly rollout_id: string;
  readonly checkout_id: string;
  readonly routing: { readonly rule: string; readonly fallbacks: readonly string[] };
  readonly arms: Readonly<Record<'control' | 'treatment', Readonly<Record<string, number>>>>;
  readonly outlook: { readonly decision: string; readonly missing: readonly string[] } | null;
  readonly data: readonly { readonly organization_id: string; readonly arm: string; readonly outcome: string }[];
  readonly next_cursor: string | null;
}
const view = ({ body }: { body: unknown }) => body as Seen;
const read = async (id: string) => view(await api.call('GET', `${path}/${id}`));

const buy = async (organizationId: string, more: object = {}) => {
  const body = { organization_id: organizationId, product_id: 'starter-kit', country: 'US', ...more };
  // Without a key of its own, the same request again would be answered the same checkout.
  const headers = { 'idempotency-key': randomUUID() };
  const answer = await api.call('POST', '/billing/checkout', { body, headers });
  return { ...view(answer), made: answer.status === 201 };
};
const explain = async (organizationId: string) =>
  view(
    await api.call('POST', '/ops/routing/explain', {
      body: { organization_id: organizationId, product_id: 'starter-kit', country: 'US' },
    }),
  );
/** A new one whose bucket is on this side of the first stage. */
function anOrganization(isTreated: boolean): string {
  for (;;) {
    const id = `org_${randomUUID()}`;
    if (bucketOf('default', id) < 1_000 === isTreated) return id;
  }
}
const assignments = (rolloutId: string) =>
  api.query('select organization_id, arm, checkout_id from rollout_assignments where rollout_id = ?', [rolloutId]);

describe('asking for a rollout', () => {
  it('writes it, audited, has it watched, and answers how it stands', async () => {
    const answer = await ask({ product_id: 'pro', min_samples: 5 });
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'running', stage: 0, product_id: api.plans.pro, min_samples: 5, from: 'world', to: 'merchant' },
    });
    expect(api.temporal.ran).toEqual([`rollout/${answer.body.id}`]);
    const audited = await api.query('select action from audit_log where entity_id = ?', [answer.body.id]);
    expect(audited).toEqual([{ action: 'rollout.requested' }]);
  });

  it('is refused while another decides about the plan, which one of another plan does not', async () => {
    const id = await begin({ product_id: 'pro' });
    expect(await ask({ product_id: 'pro' })).toMatchObject({
      status: 409,
      body: { code: 'rollout_running', rollout_id: id },
    });
    expect((await ask()).status).toBe(201);
  });

  it('of ten at once begins one', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask()));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('takes the place of one that was rolled back', async () => {
    const old = await begin();
    await api.query(`update rollouts set status = 'rolled_back' where id = ?`, [old]);
    expect((await ask()).status).toBe(201);
    expect(
      (await api.query('select superseded_at from rollouts where id = ?', [old]))[0]?.['superseded_at'],
    ).not.toBeNull();
  });

  it('names the field that is wrong, and writes nothing', async () => {
    for (const [body, pointer, code] of [
      [{ to: 'world' }, '/to', 'validation_failed'],
      [{ to: 'nobody' }, '/to', 'provider_account_not_found'],
      [{ from: 'merchant', to: 'local', stages: [5, 5] }, '/stages/1', 'rollout_stage_invalid'],
      [{ product_id: 'none' }, '/product_id', 'product_not_found'],
      [{ stages: [101] }, '/stages/0', 'validation_failed'],
      [{ colour: 'red' }, '/colour', 'validation_failed'],
    ] as const)
      expect((await ask(body)).body).toMatchObject({ code, errors: [{ pointer }] });
    expect(await api.query('select from rollouts where superseded_at is null')).toEqual([]);
  });

  it('is no other project’s, and nobody’s without the right', async () => {
    const id = await begin();
    expect((await api.call('GET', `${path}/${id}`, { key: api.keys.other })).status).toBe(404);
    expect((await api.call('GET', `${path}/${id}`, { key: api.keys.live })).status).toBe(404);
    expect((await ask({}, { key: api.keys.reader })).status).toBe(403);
  });
});

describe('a new customer', () => {
  it('is put into the arm of its bucket with its first checkout, as the explanation foretold, and keeps it', async () => {
    const id = await begin();
    for (const isTreated of [true, false]) {
      const organization = anOrganization(isTreated);
      const arm = isTreated ? 'treatment' : 'control';
      const foretold = await explain(organization);
      expect(foretold).toMatchObject({ rule: `rollout:leave:${arm}`, rollout: { arm, is_assigned: false } });
      const first = await buy(organization);
      expect(first.routing.rule).toBe(foretold.rule);
      expect(first.provider).toBe(foretold.attempts[0]);
      expect(first.routing.fallbacks).toEqual(isTreated ? ['world'] : []);
      await api.query('update rollouts set stage = 2 where id = ?', [id]);
      await reload();
      expect((await buy(organization)).routing.rule).toBe(`rollout:leave:${arm}`);
      expect((await explain(organization)).rollout).toMatchObject({ arm, is_assigned: true });
      await api.query('update rollouts set stage = 0 where id = ?', [id]);
      await reload();
    }
    expect(new Set((await assignments(id)).map(({ arm }) => arm))).toEqual(new Set(['control', 'treatment']));
  });

  it('gets one arm, however many checkouts it starts at once', async () => {
    const id = await begin({ stages: [{ first: 1 }] });
    const organization = `org_${randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => buy(organization, { metadata: { n: randomUUID() } })),
    );
    expect(new Set(answers.map(({ routing }) => routing.rule))).toEqual(new Set(['rollout:leave:treatment']));
    expect(await assignments(id)).toHaveLength(1);
  });

  it('is among the first so many or is not: never more, however many come at once', async () => {
    const id = await begin({ stages: [{ first: 3 }, 100] });
    const answers = await Promise.all(Array.from({ length: 20 }, () => buy(`org_${randomUUID()}`)));
    expect(answers.every(({ made }) => made)).toBe(true);
    const rows = await assignments(id);
    expect(rows).toHaveLength(20);
    expect(rows.filter(({ arm }) => arm === 'treatment')).toHaveLength(3);
    for (const { routing } of answers) expect(routing.rule).toMatch(/^rollout:leave:/);
  });

  it('goes to the old provider once it is rolled back, though a process has not heard of it', async () => {
    const id = await begin({ stages: [100] });
    const treated = `org_${randomUUID()}`;
    await buy(treated);
    await api.query(`update rollouts set status = 'rolled_back' where id = ?`, [id]);
    // What this process remembers still says running: the assignment cannot be written any more.
    expect(await buy(`org_${randomUUID()}`)).toMatchObject({
      provider: 'world',
      routing: { rule: 'rollout:leave:rolled_back' },
    });
    expect(await buy(treated)).toMatchObject({ provider: 'world' });
    expect(await assignments(id)).toHaveLength(1);
  });

  it('is left alone who bought before, is bound, or asks for a provider', async () => {
    const id = await begin();
    const organization = `org_${randomUUID()}`;
    const { checkout_id: checkoutId } = await buy(organization, { provider: 'merchant' });
    await api.query(
      `insert into payments (id, checkout_id, provider, provider_payment_id, status, amount_minor, currency, project_id,
         live, organization_id, created_at)
       values (?, ?, 'merchant', ?, 'succeeded', 4900, 'USD', 'default', false, ?, now() - interval '1 minute')`,
      [`pay_${randomUUID()}`, checkoutId, randomUUID(), organization],
    );
    expect((await buy(organization)).routing.rule).toBe('merchant-of-record');
    expect((await buy(`org_${randomUUID()}`, { provider: 'merchant' })).routing.rule).toBe('forced');
    expect((await buy(`org_${randomUUID()}`, { country: 'RU' })).routing.rule).not.toMatch(/^rollout/);
    expect(await assignments(id)).toEqual([]);
  });

  it('is not asked about where no rollout decides about the plan', async () => {
    const id = await begin({ product_id: 'pro' });
    expect((await buy(anOrganization(true))).routing.rule).toBe('merchant-of-record');
    expect(await assignments(id)).toEqual([]);
  });
});

describe('an assignment', () => {
  it('cannot be changed', async () => {
    const id = await begin();
    await buy(anOrganization(true));
    await expect(
      api.query(`update rollout_assignments set arm = 'control' where rollout_id = ?`, [id]),
    ).rejects.toThrow(/an assignment is final/);
  });
});

describe('reading a rollout', () => {
  it('tells both arms out of their checkouts: what is not known counts as neither', async () => {
    const id = await begin();
    const [won, lost, open, canceled] = [0, 1, 2, 3].map(() => anOrganization(true));
    const made = new Map<string, string>();
    for (const each of [won, lost, open, canceled, anOrganization(false)]) {
      const answer = await api.call('POST', '/billing/checkout', {
        body: { organization_id: each, product_id: 'starter-kit', country: 'US' },
      });
      made.set(each ?? '', answer.body.checkout_id);
    }
    const set = (organization: string | undefined, columns: string) =>
      api.query(`update checkouts set ${columns} where id = ?`, [made.get(organization ?? '')]);
    await set(won, `status = 'paid'`);
    // Ended by the provider, long before its time.
    await set(lost, `status = 'expired'`);
    await set(canceled, `status = 'canceled'`);
    const { arms, outlook, status } = await read(id);
    expect(arms.treatment).toMatchObject({
      customers: 4,
      attempts: 4,
      succeeded: 1,
      failed: 2,
      unknown: 1,
      openings: 4,
    });
    expect(arms.control).toMatchObject({ customers: 1, unknown: 1, success_rate: null });
    expect({ status, decision: outlook?.decision }).toEqual({ status: 'running', decision: 'hold' });
    expect(outlook?.missing.length).toBeGreaterThan(0);

    const page = view(await api.call('GET', `${path}/${id}/assignments?arm=treatment&limit=3`));
    const rest = view(await api.call('GET', `${path}/${id}/assignments?arm=treatment&cursor=${page.next_cursor}`));
    const outcomes = Object.fromEntries([...page.data, ...rest.data].map((row) => [row.organization_id, row.outcome]));
    expect(outcomes).toEqual({
      [won ?? '']: 'succeeded',
      [lost ?? '']: 'failed',
      [canceled ?? '']: 'failed',
      [open ?? '']: 'unknown',
    });
  });
});

describe('steering', () => {
  const acts = ['pause', 'resume', 'promote', 'rollback'] as const;

  it('asks the workflow, and answers the row: 202 until it says so', async () => {
    const id = await begin();
    expect((await api.call('POST', `${path}/${id}/pause`, { body: {} })).status).toBe(202);
    api.temporal.work = async () => void (await api.query(`update rollouts set status = 'paused' where id = ?`, [id]));
    expect(await api.call('POST', `${path}/${id}/pause`, { body: {} })).toMatchObject({
      status: 200,
      body: { status: 'paused' },
    });
    expect(api.temporal.ran.slice(-1)).toEqual([`pause/${id}`]);
  });

  it('repeats nothing by the same key, not even what was answered 202', async () => {
    const id = await begin();
    const promote = () =>
      api.call('POST', `${path}/${id}/promote`, { body: {}, headers: { 'idempotency-key': `k${id}` } });
    expect((await promote()).status).toBe(202);
    await promote();
    expect(api.temporal.ran.filter((line) => line.startsWith('promote'))).toHaveLength(1);
  });

  it('is refused for a stage that there is not, and for one that is over', async () => {
    const id = await begin();
    expect(await api.call('POST', `${path}/${id}/stage`, { body: { stage: 3 } })).toMatchObject({
      status: 422,
      body: { code: 'rollout_stage_invalid', errors: [{ pointer: '/stage' }] },
    });
    await api.query(`update rollouts set status = 'completed' where id = ?`, [id]);
    for (const act of acts)
      expect(await api.call('POST', `${path}/${id}/${act}`, { body: {} })).toMatchObject({
        status: 409,
        body: { code: 'rollout_over' },
      });
  });
});

/** As a process hears of it a few seconds later: any steering through it reads the rules anew. */
async function reload(): Promise<void> {
  const [row] = await api.query(`select id from rollouts where superseded_at is null`);
  await api.call('POST', `${path}/${String(row?.['id'])}/resume`, { body: {} });
}
