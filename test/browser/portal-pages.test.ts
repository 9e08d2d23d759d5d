import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SubscriptionTruth } from '../../src/domain/subscription/truth.ts';
import { everything, key, providersWith, subscribe, type Subscribed } from '../contract/sales.ts';
import { createWorld, type World } from '../contract/support.ts';
import { launchBrowser } from './browser.ts';
import { pickTestCard } from './person.ts';
import { visit, type Visit } from './visitor.ts';
import { portalWordsOf } from './words.ts';

let world: World;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([createWorld(), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

const PRICE = '499.00';

async function subscriptionOf(sale: Subscribed): Promise<SubscriptionTruth> {
  const truth = await sale.account.client.subscriptions?.get(sale.ref);
  if (!truth) throw new Error('the subscription is gone');
  return truth;
}

/** Follows the link the provider gives, and signs in by e-mail where its portal asks for that. */
async function openPortal(
  provider: string,
  sale: Subscribed,
  options: Parameters<typeof visit>[2] = {},
): Promise<Visit> {
  const made = await sale.account.client.portal?.create({
    providerCustomerId: sale.providerCustomerId,
    providerSubscriptionId: sale.ref.providerSubscriptionId,
    returnUrl: 'https://app.example/billing',
    ...key(),
  });
  if (!made) throw new Error('no portal');
  const seen = await visit(browser, made.url, options);
  const email = seen.page.getByLabel('E-mail');
  if (await email.isVisible()) {
    await email.fill('nobody@example.com');
    await seen.page.getByRole('button', { name: 'Continue' }).click();
    await seen.page.getByRole('alert').waitFor();
    await seen.page.locator('input[value="nobody@example.com"]').waitFor();
    await seen.shoot(`${provider}-portal-sign-in`);
    await email.fill(sale.input.customer.email ?? '');
    await seen.page.getByRole('button', { name: 'Continue' }).click();
  }
  await seen.page.getByRole('region', { name: portalWordsOf(provider).subscriptions }).waitFor();
  return seen;
}

describe.each(providersWith('portal.create'))('the portal of %s', (provider) => {
  const words = portalWordsOf(provider);

  it('shows the subscription, its price, the card and what was billed', async () => {
    const sale = await subscribe(world, provider);
    const { page, shoot, leave } = await openPortal(provider, sale);
    const section = (name: string) => page.getByRole('region', { name, exact: true });
    expect(await page.locator('html').getAttribute('lang')).toMatch(words.lang);
    expect(await page.getByText(sale.input.customer.email ?? '').count()).toBe(1);
    const subscription = section(words.subscriptions);
    expect(await subscription.getByRole('heading', { level: 3 }).textContent()).toContain('Starter kit');
    expect(await subscription.innerText()).toContain(PRICE);
    expect(await subscription.getByText(words.active, { exact: true }).count()).toBe(1);
    expect(await section(words.methods).first().innerText()).toContain('4242');
    const billed = page.locator('section', { has: page.getByRole('heading', { name: words.invoices, exact: true }) });
    expect(await billed.getByRole('row').count()).toBe(2);
    expect(await billed.getByRole('row').last().innerText()).toContain(PRICE);
    expect(await billed.getByRole('row').last().innerText()).toContain(words.paid);
    await shoot(`${provider}-portal`);
    await leave();
  });

  it('really cancels, on a phone, after asking once more', async () => {
    const sale = await subscribe(world, provider);
    expect(await subscriptionOf(sale)).toMatchObject({ status: 'active', cancelAtPeriodEnd: false });
    const { page, shoot, leave } = await openPortal(provider, sale, { size: 'phone', isMobile: true, hasTouch: true });
    await page.getByText(words.cancel, { exact: true }).tap();
    await page.getByText(words.asked).waitFor();
    await shoot(`${provider}-portal-asks`);
    expect(await subscriptionOf(sale)).toMatchObject({ status: 'active', cancelAtPeriodEnd: false });
    await page.getByRole('button', { name: words.confirm }).tap();
    await page.getByRole('status').waitFor();
    expect(await page.getByRole('status').textContent()).toBe(words.canceled);
    await shoot(`${provider}-portal-canceled`);
    const after = await subscriptionOf(sale);
    expect(after.cancelAtPeriodEnd || after.status === 'canceled').toBe(true);
    expect(await page.getByText(words.cancel, { exact: true }).count()).toBe(0);
    await leave();
  });

  it('takes another card for it', async () => {
    const sale = await subscribe(world, provider);
    const { page, shoot, leave } = await openPortal(provider, sale);
    await page.getByText(words.addCard, { exact: true }).click();
    await page.getByRole('button', { name: words.saveCard }).click();
    await expect.poll(() => page.getByLabel(words.card.number).getAttribute('aria-invalid')).toBe('true');
    await shoot(`${provider}-portal-card-invalid`);
    await pickTestCard(page, words.card, '5555 5555 5555 4444');
    await page.getByRole('button', { name: words.saveCard }).click();
    await page.getByRole('status').waitFor();
    expect(await page.getByRole('region', { name: words.methods }).innerText()).toContain('4444');
    await shoot(`${provider}-portal-card`);
    await leave();
  });

  it('says when a link leads nowhere', async () => {
    const sale = await subscribe(world, provider);
    const { page, shoot, leave } = await openPortal(provider, sale);
    const { origin, pathname } = new URL(page.url());
    await page.goto(`${origin}${pathname.slice(0, -4)}0000`);
    expect(await page.getByRole('heading').textContent()).toBe(words.gone);
    await shoot(`${provider}-portal-gone`);
    await leave();
  });
});

/** The links of the newest invoice of a new subscription, once they have been made. */
async function documentOf(provider: string) {
  const { account, providerCustomerId } = await subscribe(world, provider);
  const { invoices } = account.client;
  if (!invoices?.document) throw new Error('no documents');
  const [newest] = await everything((query) => invoices.list({ providerCustomerId, ...query }));
  const read = () => invoices.document?.(newest?.providerInvoiceId ?? '');
  await expect.poll(async () => (await read())?.state, { timeout: 10_000 }).toBe('ready');
  const document = await read();
  if (document?.state !== 'ready') throw new Error(`not ready: ${JSON.stringify(document)}`);
  return document;
}

const PDF = '%PDF';
const startOf = (file: Buffer): string => file.toString('latin1', 0, PDF.length);

describe.each(providersWith('invoices.document'))('an invoice of %s', (provider) => {
  it('has a PDF or a page', async ({ skip }) => {
    const { pdfUrl, hostedUrl } = await documentOf(provider);
    expect(pdfUrl ?? hostedUrl).toEqual(expect.any(String));
    skip(pdfUrl === null, 'the PDF is behind the page');
    const pdf = await fetch(pdfUrl ?? '');
    expect(startOf(Buffer.from(await pdf.arrayBuffer()))).toBe(PDF);
  });

  it('shows the total on its page, and gives the PDF there', async ({ skip }) => {
    const { hostedUrl } = await documentOf(provider);
    skip(hostedUrl === null, 'there is no page');
    const { page, shoot, leave } = await visit(browser, hostedUrl ?? '');
    const total = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Total', exact: true }) });
    expect(await total.innerText()).toContain(PRICE);
    expect(await page.getByRole('row').filter({ hasText: 'Starter kit' }).count()).toBe(1);
    await shoot(`${provider}-invoice`);
    const downloaded = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download PDF' }).click();
    const file = await downloaded;
    expect(file.suggestedFilename()).toMatch(/\.pdf$/);
    expect(startOf(await readFile(await file.path()))).toBe(PDF);
    await leave();
  });
});

it('leads back to the merchant from the portal', async () => {
  const provider = 'stripe';
  const { page, landsOn, leave } = await openPortal(provider, await subscribe(world, provider));
  await page.getByRole('link', { name: portalWordsOf(provider).card.onward }).click();
  await landsOn('/billing');
  await leave();
});
