import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect } from 'vitest';
import { startSystem, type CheckoutView, type System } from '../integration/support.ts';
import { launchBrowser } from './browser.ts';
import { visit, type Size, type Visit } from './visitor.ts';

async function moveClock(system: System, body: object): Promise<void> {
  const { sandbox_url: url, sandbox_admin_token: token } = system.stack.devFile();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/_sandbox/clock`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
}

function open(system: System, browser: Browser) {
  const statusOf = async (view: CheckoutView) => (await system.checkout(view.checkout_id)).status;
  return {
    statusOf,
    checkout: (id: string) => system.checkout(id),
    becomes: (view: CheckoutView, status: string) =>
      expect.poll(() => statusOf(view), { timeout: 15_000, interval: 50 }).toBe(status),
    /** Opens a checkout at the API and follows its link with a browser. */
    async arrive(
      body: Readonly<Record<string, unknown>>,
      options: BrowserContextOptions & { readonly size?: Size } = {},
    ): Promise<Visit & { readonly view: CheckoutView }> {
      const view = await system.open(body);
      return { ...(await visit(browser, view.checkout_url, options)), view };
    },
    /** By the merchant's wish; where a provider knows no such wish, by waiting (the sandbox's clock is ours to move). */
    async expire(view: CheckoutView): Promise<void> {
      if (view.provider === 'polar') {
        await moveClock(system, { advance: 'P2D' });
        return moveClock(system, { now: new Date().toISOString() });
      }
      expect((await system.api('POST', `/billing/checkouts/${view.checkout_id}/expire`)).status).toBe(200);
    },
    async close(): Promise<void> {
      await browser.close();
      await system.end();
    },
  };
}

/** The whole system, and a browser to visit it. */
export async function openShop() {
  const browser = await launchBrowser();
  try {
    return open(await startSystem(), browser);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>;
