import { randomUUID } from 'node:crypto';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customerDataWorkflowId } from '../../src/workflows/messages.ts';
import { startSystem, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly failure_code: string | null;
  readonly result: ExportView | null;
  readonly summary: {
    readonly kept: readonly string[];
    readonly providers: Readonly<Record<string, { readonly outcome: string; readonly retained: readonly string[] }>>;
  };
}

interface ExportView {
  readonly subscriptions: readonly object[];
  readonly checkouts: readonly { readonly email: string | null }[];
  readonly providers: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;
}

async function finished(id: string): Promise<JobView> {
  const read = async () => (await system.api('GET', `/billing/customer/data/jobs/${id}`)).body as JobView;
  await expect.poll(async () => (await read()).status, { timeout: 60_000, interval: 250 }).not.toBe('running');
  return read();
}

async function exportOf(path: string): Promise<ExportView> {
  const { status, body } = await system.api('GET', path);
  if (status === 200) return body as ExportView;
  const { result } = await finished((body as JobView).id);
  if (!result) throw new Error('the export has no result');
  return result;
}

describe.each([
  { country: 'US', provider: 'polar' },
  { country: 'MX', provider: 'conekta' },
  { country: 'RU', provider: 'stripe' },
])('a customer of $provider', ({ country, provider }) => {
  it("opens the provider's portal, gets all their data, and is forgotten once nothing runs", async () => {
    const organizationId = `org_${randomUUID()}`;
    const email = `ada.${randomUUID().slice(0, 8)}@example.com`;
    const view = await system.open({
      ...{ organization_id: organizationId, country, email, product_id: 'pro', billing_interval: 'monthly' },
    });
    await system.complete(view, 'paid');
    const find = async () => (await system.checkout(view.checkout_id)).subscription_id;
    await expect.poll(find, { timeout: 30_000 }).not.toBeNull();

    const portal = await system.api('GET', `/billing/customer/portal?organization_id=${organizationId}`);
    expect(portal).toMatchObject({ status: 200, body: { provider } });

    const path = `/billing/customer/data?organization_id=${organizationId}`;
    const all = await exportOf(path);
    expect(all).toMatchObject({ subscriptions: [{}], checkouts: [{ email }] });
    expect(JSON.stringify(all.providers[provider])).toContain(email);

    expect(await system.api('DELETE', path)).toMatchObject({ status: 409, body: { code: 'subscription_live' } });
    const accepted = await system.api('DELETE', `${path}&cancel_subscriptions=true`);
    expect(accepted.status).toBe(202);
    const job = await finished((accepted.body as JobView).id);
    expect(job).toMatchObject({ status: 'done', failure_code: null });
    expect(job.summary.providers[provider]?.outcome).toMatch(/^(erased|anonymized|archived)$/);
    expect(job.summary.providers[provider]?.retained.length).toBeGreaterThan(0);
    const { rows } = await system.db.query('select * from checkouts where organization_id = $1', [organizationId]);
    expect(JSON.stringify(rows)).not.toContain(email);

    const history = await system.temporal.workflow.getHandle(customerDataWorkflowId(job.id)).fetchHistory();
    expect(JSON.stringify(history)).not.toContain(email);
    const again = await exportOf(path);
    expect(JSON.stringify(again)).not.toContain(email);
  }, 120_000);
});
