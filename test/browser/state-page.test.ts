import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { subscribe, type Subscribed } from '../contract/sales.ts';
import { createWorld, type World } from '../contract/support.ts';
import { launchBrowser } from './browser.ts';
import { visit, type Visit } from './visitor.ts';

const PROVIDER = 'stripe';
const PRICE = '$499.00';

let world: World;
let browser: Browser;
let sale: Subscribed;
let address = '';
beforeAll(async () => {
  [world, browser] = await Promise.all([createWorld(), launchBrowser()]);
  sale = await subscribe(world, PROVIDER);
  address = `${world.url}/_sandbox/`;
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const tab = (page: Page, name: string) => page.getByRole('navigation').getByRole('link', { name }).click();

describe('the state page, before anybody has signed in', () => {
  it('refuses a wrong token', async () => {
    const { page, shoot, leave } = await visit(browser, address);
    await signIn(page, 'wrong');
    expect(await page.getByRole('alert').textContent()).toBe('This is not the admin token.');
    await shoot('state-login');
    expect(await page.context().cookies()).toEqual([]);
    await leave();
  });

  it.each(['overview', 'objects', 'deliveries', 'faults', 'actions'])('shows nothing of %s', async (name) => {
    const { page, leave } = await visit(browser, `${address}ui/${name}`);
    expect(await page.getByRole('textbox', { name: 'Admin token' }).isVisible()).toBe(true);
    expect(await page.getByRole('navigation').count()).toBe(0);
    await leave();
  });

  it('does nothing either', async () => {
    const before = await world.control('GET', 'clock');
    const answer = await fetch(`${address}ui/clock`, { method: 'POST', body: new URLSearchParams({ advance: 'P1D' }) });
    expect(answer.status).toBe(401);
    expect(await world.control('GET', 'clock')).toMatchObject({ offset_ms: offsetOf(before) });
  });
});

function offsetOf(clock: unknown): number {
  if (typeof clock === 'object' && clock !== null && 'offset_ms' in clock) return Number(clock.offset_ms);
  throw new Error(`no clock: ${JSON.stringify(clock)}`);
}

describe('the state page', () => {
  let seen: Visit;
  beforeEach(async () => {
    seen = await visit(browser, address);
    await signIn(seen.page, world.adminToken);
    await seen.page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  });
  afterEach(async () => {
    await seen.leave();
    await world.control('DELETE', 'faults');
  });

  it('opens with what has moved, and closes at sign-out', async () => {
    const { page, shoot } = seen;
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    const totals = page.getByRole('region', { name: 'Ledger totals' });
    expect(await totals.getByRole('row').filter({ hasText: PROVIDER }).innerText()).toContain(PRICE);
    await shoot('state-overview');
    await page.getByText(/^Keys and addresses/).click();
    expect(await page.locator('pre').first().innerText()).toContain('STRIPE_SECRET_KEY');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    await page.goto(`${address}ui/objects`);
    expect(await page.getByLabel('Admin token').isVisible()).toBe(true);
  });

  it('shows objects as JSON', async () => {
    const { page, shoot } = seen;
    await tab(page, 'Objects');
    await page.getByRole('link', { name: PROVIDER, exact: true }).click();
    await page.getByRole('link', { name: /^subscriptions \(\d+\)$/ }).click();
    await shoot('state-objects');
    await page.getByText(sale.ref.providerSubscriptionId, { exact: true }).click();
    const row: unknown = JSON.parse(await page.locator('details[open] pre').innerText());
    expect(row).toMatchObject({ id: sale.ref.providerSubscriptionId, status: 'active' });
    await shoot('state-object');
  });

  it('shows deliveries with their attempts, and sends one again', async () => {
    const { page, shoot } = seen;
    await tab(page, 'Deliveries');
    await page.getByRole('combobox', { name: 'Provider', exact: true }).selectOption(PROVIDER);
    await page.getByRole('combobox', { name: 'Status', exact: true }).selectOption('delivered');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('heading', { name: /^[1-9]\d* deliveries$/ }).waitFor();
    await shoot('state-deliveries');
    await page.getByText('customer.subscription.created', { exact: true }).first().click();
    const open = page.locator('details[open]');
    const attempts = open.getByRole('region', { name: 'Attempts' }).getByRole('row');
    expect(await attempts.count()).toBe(2);
    expect(await attempts.last().innerText()).toContain('200');
    expect(JSON.parse(await open.locator('pre').innerText())).toMatchObject({ type: 'customer.subscription.created' });
    await shoot('state-delivery');
    const before = world.deliveries(PROVIDER).length;
    await open.getByRole('button', { name: 'Send again' }).click();
    expect(await page.getByRole('status').textContent()).toContain('sent again');
    await expect.poll(() => world.deliveries(PROVIDER).length).toBe(before + 1);
  });

  it('adds a fault that strikes once, and shows what was wrong with another', async () => {
    const { page, shoot } = seen;
    const { subscriptions } = sale.account.client;
    await tab(page, 'Faults');
    await page.getByRole('combobox', { name: 'Kind', exact: true }).selectOption('status');
    await page.getByRole('combobox', { name: 'Provider', exact: true }).selectOption(PROVIDER);
    await page.getByLabel('Operation or event type').fill('subscriptions.get');
    await page.getByRole('textbox', { name: 'Rate', exact: true }).fill('7');
    await page.getByRole('button', { name: 'Add fault' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('rate');
    await shoot('state-fault-refused');
    expect(await page.getByRole('combobox', { name: 'Kind', exact: true }).inputValue()).toBe('status');
    expect(await page.getByLabel('Operation or event type').inputValue()).toBe('subscriptions.get');
    await page.getByRole('textbox', { name: 'Rate', exact: true }).fill('1');
    await page.getByRole('textbox', { name: 'Status', exact: true }).fill('503');
    await page.getByLabel('Path matches').fill('^/v1/subscriptions/');
    await page.getByRole('button', { name: 'Add fault' }).click();
    expect(await page.getByRole('status').textContent()).toBe('The fault was added.');
    await shoot('state-faults');
    await expect(subscriptions?.get(sale.ref)).rejects.toThrow();
    await tab(page, 'Faults');
    const row = page.getByRole('row').filter({ hasText: 'subscriptions.get' });
    expect(Number(await row.getByRole('cell').nth(5).textContent())).toBeGreaterThanOrEqual(1);
    await row.getByRole('button', { name: 'Remove' }).click();
    expect(await page.getByRole('status').textContent()).toBe('The fault was removed.');
    expect(await subscriptions?.get(sale.ref)).toMatchObject({ status: 'active' });
  });

  it('advances the clock by a day', async () => {
    const { page, shoot } = seen;
    const before = offsetOf(await world.control('GET', 'clock'));
    await page.getByRole('button', { name: 'Advance 1 day' }).click();
    expect(await page.getByRole('status').textContent()).toContain('The clock was moved');
    const moved = offsetOf(await world.control('GET', 'clock')) - before;
    expect(Math.abs(moved - 86_400_000)).toBeLessThan(1_000);
    await shoot('state-clock');
  });

  it('refunds a payment, and the ledger shows it', async () => {
    const { page, shoot } = seen;
    await tab(page, 'Actions');
    await shoot('state-actions');
    const payment = page
      .getByRole('region', { name: 'Payments' })
      .getByRole('row')
      .filter({ hasText: `${PROVIDER} charge` });
    await payment.getByLabel('Minor units').first().fill('10000');
    await payment.getByRole('button', { name: 'Refund' }).click();
    expect(await page.getByRole('status').textContent()).toContain('Done.');
    await tab(page, 'Overview');
    const totals = page.getByRole('region', { name: 'Ledger totals' }).getByRole('row').filter({ hasText: PROVIDER });
    expect(await totals.getByRole('cell').allTextContents()).toEqual([
      ...[PROVIDER, 'USD', PRICE, '$100.00', '$0.00', '$0.00', '$399.00'],
    ]);
    const refund = expect.objectContaining({ kind: 'refund', amount_minor: 10_000, status: 'succeeded' });
    expect(await world.control('GET', `ledger?provider=${PROVIDER}`)).toEqual(expect.arrayContaining([refund]));
    await shoot('state-refunded');
  });
});
