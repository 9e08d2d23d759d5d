import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFaulty, heading, pay, pickTestCard, tabTo, typeCard } from './person.ts';
import { openShop, type Shop } from './shop.ts';
import { BAD_CARD, GOOD_CARD, PLACES } from './words.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 120_000);
afterAll(() => shop?.close());

const [, mexico, elsewhere] = PLACES;

describe.each(PLACES)("$provider's page, for a visitor from $country", ({ country, provider, words, threeDSecure }) => {
  it('takes a card from the list of test cards and leads back to the merchant', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country });
    expect(view.provider).toBe(provider);
    await shoot(`${provider}-open`);
    await pickTestCard(page, words, GOOD_CARD);
    await shoot(`${provider}-filled`);
    await pay(page, words);
    await landsOn('/ok');
    expect(page.url()).toBe(`https://app.example/ok?c=${view.checkout_id}`);
    await shop.becomes(view, 'paid');
    await page.goto(view.checkout_url);
    expect(await heading(page)).toBe(words.done);
    await shoot(`${provider}-completed`);
    await page.getByRole('link', { name: words.onward }).click();
    await landsOn('/ok');
    await leave();
  });

  it('takes a typed card for a subscription, on a phone', async () => {
    const body = { country, product_id: 'pro', billing_interval: 'monthly' };
    const { view, page, shoot, landsOn, leave } = await shop.arrive(body, {
      size: 'phone',
      isMobile: true,
      hasTouch: true,
    });
    await typeCard(page, words, GOOD_CARD);
    expect(await page.getByLabel(words.number).inputValue()).toBe(GOOD_CARD);
    expect(await page.getByLabel(words.expiry).inputValue()).toBe('12 / 34');
    await shoot(`${provider}-subscription`);
    await page.getByRole('button', { name: words.pay }).tap();
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('says at each field what is wrong, and a decline above all; the next card pays', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country });
    await page.getByLabel(words.number).fill('4242 4242 4242 4241');
    await page.getByLabel(words.expiry).fill('01 / 20');
    await page.getByLabel(words.cvc).fill('1');
    await page.getByLabel(words.name).fill('');
    await pay(page, words);
    await expectFaulty(page, words.number, words.badNumber);
    await expectFaulty(page, words.expiry, words.badExpiry);
    await expectFaulty(page, words.cvc, words.badCvc);
    await expectFaulty(page, words.name, words.badName);
    await shoot(`${provider}-invalid`);
    await pickTestCard(page, words, BAD_CARD);
    await pay(page, words);
    await expect.poll(() => page.getByRole('alert').textContent()).toContain(words.declined);
    await shoot(`${provider}-declined`);
    expect(await shop.statusOf(view)).toBe('open');
    await pickTestCard(page, words, GOOD_CARD);
    await pay(page, words);
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('asks the bank: a failed answer leaves the checkout open, an approved one pays', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country });
    await pickTestCard(page, words, threeDSecure);
    await pay(page, words);
    await page.getByRole('button', { name: words.fail }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain(words.notAuthenticated);
    await shoot(`${provider}-3ds-failed`);
    expect(await shop.statusOf(view)).toBe('open');
    await pickTestCard(page, words, threeDSecure);
    await pay(page, words);
    await shoot(`${provider}-3ds`);
    await page.getByRole('button', { name: words.approve }).click();
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('leads back to the cancel URL, and says when it has expired', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country });
    await page.getByRole('link', { name: words.back }).click();
    await landsOn('/no');
    expect(await shop.statusOf(view)).toBe('open');
    await shop.expire(view);
    await page.goto(view.checkout_url);
    expect(await heading(page)).toBe(words.expired);
    await shoot(`${provider}-expired`);
    await page.getByRole('link', { name: words.onward }).click();
    await landsOn('/no');
    await leave();
  });
});

describe('vouchers in Mexico', () => {
  const { words } = mexico;

  it.each([
    {
      tab: 'Efectivo (OXXO)',
      ask: 'Generar referencia',
      simulate: 'Simular pago en tienda',
      method: 'oxxo',
      images: 1,
    },
    { tab: 'SPEI', ask: 'Obtener CLABE', simulate: 'Simular la transferencia', method: 'spei', images: 0 },
  ])('gives one for $method, and the simulated payment arrives', async ({ tab, ask, simulate, method, images }) => {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country: 'MX' }, { permissions });
    await page.getByText(tab, { exact: true }).click();
    await shoot(`conekta-${method}-chosen`);
    await page.getByRole('button', { name: ask }).click();
    const reference = page.getByRole('status');
    const shown = (await reference.textContent())?.replaceAll(/\s/g, '') ?? '';
    expect(shown).toMatch(/^\d{10,18}$/);
    await shop.becomes(view, 'pending');
    const { voucher } = await shop.checkout(view.checkout_id);
    expect(method === 'spei' ? voucher?.clabe : voucher?.reference).toBe(shown);
    await page.getByRole('button', { name: 'Copiar' }).click();
    await page.getByRole('button', { name: 'Copiado' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shown);
    const drawn = '[...document.images].filter(({ naturalWidth }) => naturalWidth > 0).length';
    expect(await page.evaluate(drawn)).toBe(images);
    await shoot(`conekta-${method}-voucher`);
    await page.getByRole('link', { name: words.onward }).click();
    await landsOn('/ok');
    await page.goto(view.checkout_url);
    await page.getByRole('button', { name: simulate }).click();
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('shows nothing in English', async () => {
    const { page, leave } = await shop.arrive({ country: 'MX' });
    expect(await page.locator('html').getAttribute('lang')).toBe('es-MX');
    const text = await page.locator('body').innerText();
    expect(text).not.toMatch(/\b(card|pay|email|back|total due|country|sandbox|test|merchant|expiry|name)\b/i);
    await leave();
  });
});

describe('any page', () => {
  const { words } = elsewhere;

  it('serves the keyboard alone', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country: 'RU' });
    await tabTo(page, 'number');
    await page.keyboard.type('4242424242424242');
    await tabTo(page, 'expiry');
    await page.keyboard.type('1234');
    await tabTo(page, 'cvc');
    await page.keyboard.type('123');
    await shoot('stripe-keyboard');
    await tabTo(page, 'name');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Grace Hopper');
    await page.keyboard.press('Enter');
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('formats as one types and leaves the caret alone', async () => {
    const { page, leave } = await shop.arrive({ country: 'RU' });
    const number = page.getByLabel(words.number);
    const expiry = page.getByLabel(words.expiry);
    await number.pressSequentially('378282246310005');
    expect(await number.inputValue()).toBe('3782 822463 10005');
    await number.fill('4242 4242 4242 4243');
    await number.press('Home');
    for (const key of ['ArrowRight', 'Delete', '0']) await page.keyboard.press(key);
    expect(await number.inputValue()).toBe('4042 4242 4242 4243');
    expect(await number.evaluate((input: { selectionStart?: number }) => input.selectionStart)).toBe(2);
    const typed = { '534': '05 / 34', '5/34': '05 / 34', '12/2034': '12 / 2034' };
    for (const [keys, value] of Object.entries(typed)) {
      await expiry.fill('');
      await expiry.pressSequentially(keys);
      expect(await expiry.inputValue()).toBe(value);
    }
    await leave();
  });

  it('works with JavaScript disabled, at each method', async () => {
    const card = await shop.arrive({ country: 'US' }, { javaScriptEnabled: false });
    await card.page.getByLabel(words.number).fill('4242424242424242');
    await card.page.getByLabel(words.expiry).fill('12/34');
    await card.page.getByLabel(words.cvc).fill('123');
    await card.page.getByLabel(words.name).fill('Ada Byron');
    await pay(card.page, words);
    await card.landsOn('/ok');
    await shop.becomes(card.view, 'paid');
    await card.leave();
    const cash = await shop.arrive({ country: 'MX' }, { javaScriptEnabled: false });
    await cash.page.getByText('Efectivo (OXXO)', { exact: true }).click();
    await cash.page.getByRole('button', { name: 'Generar referencia' }).click();
    await cash.page.getByRole('button', { name: 'Simular pago en tienda' }).click();
    await cash.landsOn('/ok');
    await shop.becomes(cash.view, 'paid');
    await cash.leave();
  });

  it('asks for an e-mail address nobody gave', async () => {
    const { view, page, shoot, landsOn, leave } = await shop.arrive({ country: 'US', email: null, name: null });
    await typeCard(page, words, GOOD_CARD);
    await page.getByLabel(words.email).fill('nobody');
    await pay(page, words);
    await expectFaulty(page, words.email, 'Enter a valid email address.');
    await shoot('polar-email');
    expect(await page.getByLabel(words.number).inputValue()).toBe(GOOD_CARD);
    await page.getByLabel(words.email).fill('ada@example.com');
    await pay(page, words);
    await landsOn('/ok');
    await shop.becomes(view, 'paid');
    await leave();
  });

  it('says when a link leads nowhere', async () => {
    const { view, page, shoot, leave } = await shop.arrive({ country: 'MX' });
    await page.goto(`${new URL('.', view.checkout_url).href}none`);
    expect(await heading(page)).toBe('Página no encontrada');
    await shoot('conekta-missing');
    await leave();
  });
});
