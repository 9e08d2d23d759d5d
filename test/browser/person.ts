import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Words } from './words.ts';

export async function pickTestCard(page: Page, words: Words, number: string): Promise<void> {
  const card = page.getByRole('button', { name: number });
  if (!(await card.isVisible())) await page.getByText(words.testCards, { exact: true }).click();
  await card.click();
  await expect.poll(() => page.getByLabel(words.number).inputValue()).toBe(number);
}

export async function typeCard(page: Page, words: Words, number: string): Promise<void> {
  await page.getByLabel(words.number).pressSequentially(number.replaceAll(' ', ''));
  await page.getByLabel(words.expiry).pressSequentially('1234');
  await page.getByLabel(words.cvc).pressSequentially('123');
  await page.getByLabel(words.name).fill('Grace Hopper');
}

export async function pay(page: Page, words: Words): Promise<void> {
  await page.getByRole('button', { name: words.pay }).click();
}

/** Presses Tab until this field has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const focused = page.locator(':focus');
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.count()) > 0 && (await focused.getAttribute('name')) === name) return;
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

/** The message belongs to the field and stands right below it. */
export async function expectFaulty(page: Page, label: string, message: string): Promise<void> {
  const input = page.getByRole('textbox', { name: label, exact: true });
  await expect.poll(() => input.getAttribute('aria-invalid')).toBe('true');
  const error = page.locator(`#${await input.getAttribute('aria-describedby')}`);
  expect(await error.textContent()).toBe(message);
  const [field, text] = await Promise.all([input.boundingBox(), error.boundingBox()]);
  const below = (text?.y ?? 0) - ((field?.y ?? 0) + (field?.height ?? 0));
  expect(below).toBeGreaterThanOrEqual(0);
  expect(below).toBeLessThan(16);
}

export async function heading(page: Page): Promise<string | null> {
  return page.getByRole('heading', { level: 1 }).textContent();
}
