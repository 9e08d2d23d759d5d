import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type System } from '../integration/support.ts';
import { launchBrowser } from './browser.ts';
import { visit } from './visitor.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
let browser: Browser;
beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem(), launchBrowser()]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await system?.end();
});

interface PortalView {
  readonly portal_url: string;
  readonly provider: string | null;
}

interface SubscriptionView {
  readonly cancel_at_period_end: boolean;
  readonly status: string;
}

/** Somebody who pays monthly at a provider whose own portal is away. */
async function aSubscriber() {
  const organizationId = `org_${Math.random().toString(36).slice(2)}`;
  const view = await system.open({
    ...{ organization_id: organizationId, country: 'RU', product_id: 'pro', billing_interval: 'monthly' },
  });
  await system.complete(view, 'paid');
  const find = async () => (await system.checkout(view.checkout_id)).subscription_id;
  await expect.poll(find, { timeout: 20_000 }).not.toBeNull();
  const id = (await find()) ?? '';
  await system.fault({ provider: view.provider, operation: 'portal.create', kind: 'status', status: 503, rate: 1 });
  const path = `/billing/customer/portal?organization_id=${organizationId}&return_url=https://app.example/billing`;
  const { body } = await system.api('GET', path);
  await system.clearFaults();
  return {
    portal: body as PortalView,
    read: async () => (await system.api('GET', `/billing/subscriptions/${id}`)).body as SubscriptionView,
  };
}

describe('our own portal page', () => {
  it('cancels and takes it back by a click, without a script, and leads back', async () => {
    const { portal, read } = await aSubscriber();
    expect(portal.provider).toBeNull();
    const { page, shoot, landsOn, leave } = await visit(browser, portal.portal_url, { javaScriptEnabled: false });
    expect(await page.evaluate('document.scripts.length')).toBe(0);
    const subscriptions = page.getByRole('region', { name: 'Subscriptions' });
    expect(await subscriptions.getByText('Active', { exact: true }).count()).toBe(1);
    expect(await subscriptions.innerText()).toContain('Next payment');
    await shoot('own-portal');
    await subscriptions.getByText('Cancel subscription', { exact: true }).click();
    await shoot('own-portal-asks');
    expect(await read()).toMatchObject({ cancel_at_period_end: false });
    await page.getByRole('button', { name: 'Yes, cancel it' }).click();
    await page.getByRole('status').waitFor();
    expect(await page.getByRole('status').innerText()).toBe('Your subscription has been canceled.');
    await expect.poll(read, { timeout: 15_000 }).toMatchObject({ cancel_at_period_end: true });
    await shoot('own-portal-canceled');
    await page.getByRole('button', { name: 'Keep subscription' }).click();
    await page.getByText('Your subscription goes on.').waitFor();
    await expect.poll(read, { timeout: 15_000 }).toMatchObject({ cancel_at_period_end: false, status: 'active' });
    await page.getByRole('link', { name: /^Back to/ }).click();
    await landsOn('/billing');
    await leave();
  });

  it('speaks Spanish to a phone, by keyboard alone', async () => {
    const { portal, read } = await aSubscriber();
    const { page, shoot, leave } = await visit(browser, portal.portal_url, {
      ...{ size: 'phone', isMobile: true, hasTouch: true, locale: 'es-MX' },
    });
    expect(await page.locator('html').getAttribute('lang')).toBe('es');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Facturación');
    await shoot('own-portal-es');
    await page.getByText('Cancelar suscripción', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Tu suscripción fue cancelada.').waitFor();
    await expect.poll(read, { timeout: 15_000 }).toMatchObject({ cancel_at_period_end: true });
    await leave();
  });

  it('says when a link leads nowhere', async () => {
    const { portal } = await aSubscriber();
    const { page, shoot, leave } = await visit(browser, `${portal.portal_url.slice(0, -4)}0000`);
    expect(await page.getByRole('heading').textContent()).toBe('This link does not work any more');
    await shoot('own-portal-gone');
    await leave();
  });
});
