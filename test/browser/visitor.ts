import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
export type Size = keyof typeof SIZES;

const shots = fileURLToPath(new URL('../../test-results/screenshots/', import.meta.url));
mkdirSync(shots, { recursive: true });

/** A refused form, a wrong token and a missing page have these statuses, which browsers also note in the console. */
const TOLD_BY_STATUS = /status of (401|404|422)/;

/** Playwright's expressions run in the page, where Node's types know no `document`. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

export interface Visit {
  readonly page: Page;
  /** Keeps how the page looks at both sizes; nothing may stick out sideways. */
  readonly shoot: (name: string) => Promise<void>;
  /** Lands on the merchant's site, at this path. */
  readonly landsOn: (path: string) => Promise<void>;
  /** Nothing went wrong in the page so far. */
  readonly leave: () => Promise<void>;
}

async function shootBoth(page: Page, name: string): Promise<void> {
  const before = page.viewportSize() ?? SIZES.desktop;
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    expect(await page.evaluate(OVERFLOW), `${name} sticks out at ${size} size`).toBe(0);
    await page.screenshot({ path: `${shots}${name}-${size}.png`, fullPage: true });
  }
  await page.setViewportSize(before);
}

const MERCHANT = '<!doctype html><link rel="icon" href="data:,"><h1>Merchant</h1>';

/** The merchant's site. Not `page.route`, which lets requests that follow a redirect pass. */
async function standInForMerchant(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  devtools.on('Fetch.requestPaused', ({ requestId }) => {
    const answer = {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: 'content-type', value: 'text/html' }],
      body: Buffer.from(MERCHANT).toString('base64'),
    };
    devtools.send('Fetch.fulfillRequest', answer).catch(() => undefined); // a closed page needs no answer
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: 'https://app.example/*' }] });
}

/** A person with a browser of their own, for whom the merchant's site exists. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions & { readonly size?: Size } = {},
): Promise<Visit> {
  const { size = 'desktop', ...context } = options;
  const visitor = await browser.newContext({ viewport: SIZES[size], locale: 'en-US', ...context });
  visitor.setDefaultTimeout(8_000);
  const page = await visitor.newPage();
  await standInForMerchant(page);
  const problems: string[] = [];
  // A link that turns out to be a file ends its navigation; that is no failure.
  const files = new Set<string>();
  page.on('download', (file) => files.add(file.url()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    const wrong = message.type() === 'error' || message.type() === 'warning';
    if (wrong && !TOLD_BY_STATUS.test(message.text())) problems.push(message.text());
  });
  const failed: { readonly url: string; readonly error: string }[] = [];
  page.on('requestfailed', (request) =>
    failed.push({ url: request.url(), error: request.failure()?.errorText ?? 'failed' }),
  );
  await page.goto(url);
  return {
    page,
    shoot: (name) => shootBoth(page, name),
    async landsOn(path) {
      await page.waitForURL((at) => at.origin === 'https://app.example' && at.pathname === path);
      expect(await page.getByRole('heading').textContent()).toBe('Merchant');
    },
    async leave() {
      await visitor.close();
      expect(problems).toEqual([]);
      expect(failed.filter(({ url: address }) => !files.has(address))).toEqual([]);
    },
  };
}
