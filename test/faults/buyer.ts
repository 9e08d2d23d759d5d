import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutRequest, type CheckoutAnswer } from '../../bench/clients/billing.ts';
import type { Outcome, SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered, isOpened, type Answered } from '../support/patient-caller.ts';
import type { BuyerPlan } from './plan.ts';

/** How a checkout must stand once everything is at rest. */
export type Expected = 'paid' | 'ended' | 'waiting';

export interface Bought {
  readonly plan: BuyerPlan;
  readonly checkoutId: string;
  readonly expected: Expected;
  /** Pages of it that said "paid": its own, and one that nobody was given. */
  readonly timesPaid: number;
  readonly isStrayPaid: boolean;
  /** As the caller was told. */
  readonly fallback: Fallback | null;
}

export interface Fallback {
  readonly attempted_provider: string;
  readonly fallback_provider: string | null;
  readonly reason: string;
}

interface OpenAnswer extends CheckoutAnswer {
  readonly provider: string;
  readonly checkout_url: string;
  readonly fallback: Fallback | null;
}

export interface ShopInput {
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly onAnswer: (answered: Answered) => void;
}

const patienceMs = 300_000;

/** One buyer and the shop's server between them, from the request to leaving the page. */
export async function runBuyer(shop: ShopInput, plan: BuyerPlan): Promise<Bought> {
  const { sandbox } = shop;
  const call = createPatientCaller(shop.target, shop.onAnswer);
  const open = await openCheckout(shop, plan);
  const { checkout_id: checkoutId, provider, fallback } = open;
  const page = pageOf(open.checkout_url);
  let timesPaid = 0;
  let isStrayPaid = false;
  const complete = async (outcome: Outcome, at = provider, id = page) => {
    const result = await sandbox.complete(at, id, outcome);
    if (result === 'paid') timesPaid += 1;
    return result;
  };
  const payStray = async () => {
    // A session that the call whose answer was lost may have left: found by our id alone.
    if (fallback === null || fallback.attempted_provider === provider) return;
    const result = await complete('paid', fallback.attempted_provider, checkoutId).catch(() => 'none');
    isStrayPaid = result === 'paid';
  };
  const end = () => {
    const { headers } = requestOf(shop, plan, plan.key);
    const payload = { headers: { ...headers, 'idempotency-key': `${plan.key}/end` }, body: '{}' };
    return call.until('POST', `/api/v1/billing/checkouts/${checkoutId}/expire`, payload, isAnswered);
  };

  if (plan.paysStray === 'before') await payStray();
  await sleep(plan.thinksMs);
  if (plan.paysStray === 'instead') await payStray();
  const expected = isStrayPaid && plan.paysStray === 'instead' ? 'paid' : await behave(plan, { complete, end });
  if (plan.paysStray === 'after') await payStray();
  return { plan, checkoutId, expected: timesPaid > 0 ? 'paid' : expected, timesPaid, isStrayPaid, fallback };
}

interface Hands {
  /** @returns what the page said. */
  readonly complete: (outcome: Outcome) => Promise<string>;
  readonly end: () => Promise<unknown>;
}

/** @returns how the checkout must come out if no money was taken. */
async function behave({ behaviour, thinksMs }: BuyerPlan, { complete, end }: Hands): Promise<Expected> {
  switch (behaviour) {
    case 'pays at the second try':
      await complete('declined');
      await complete('paid');
      return 'ended';
    case 'pays':
      await complete('paid');
      return 'ended';
    case 'pays in two tabs':
      await Promise.all([complete('paid'), complete('paid')]);
      return 'ended';
    case 'pays after the end':
      await end();
      await sleep(thinksMs);
      await complete('paid');
      return 'ended';
    case 'pays a voucher':
      if ((await complete('voucher_issued')) !== 'voucher') return await payByCard(complete);
      await sleep(thinksMs * 3);
      await complete('voucher_paid');
      return 'waiting';
    case 'keeps a voucher':
      if ((await complete('voucher_issued')) !== 'voucher') return await payByCard(complete);
      return 'waiting';
    case 'ends it':
      await end();
      return 'ended';
    case 'leaves':
      return 'waiting';
  }
}

/** Where the provider that stepped in sells no vouchers. */
async function payByCard(complete: Hands['complete']): Promise<Expected> {
  await complete('paid');
  return 'ended';
}

/** As a shop does it: where nobody could serve, it asks again under a new key. */
async function openCheckout(shop: ShopInput, plan: BuyerPlan): Promise<OpenAnswer> {
  const call = createPatientCaller(shop.target, shop.onAnswer);
  const untilMs = Date.now() + patienceMs;
  for (let tries = 0; Date.now() < untilMs; tries += 1) {
    const request = requestOf(shop, plan, tries === 0 ? plan.key : `${plan.key}/${tries}`);
    const { checkout_id: id } = await call.until(
      request.method,
      request.path,
      request,
      isAnswered,
      plan.givesUpAfterMs,
    );
    const answer = await call.until('GET', `/api/v1/billing/checkouts/${id}`, null, isOpened);
    if (isOpen(answer)) return answer;
    if (answer.status !== 'failed') throw new Error(`${id} came out as ${answer.status} before anybody saw its page`);
    await sleep(1_000);
  }
  throw new Error(`nobody could serve ${plan.key} for ${patienceMs / 1_000} s`);
}

function requestOf({ target }: ShopInput, plan: BuyerPlan, idempotencyKey: string) {
  const { market, organizationId, product } = plan;
  const bought = product === 'starter-kit' ? {} : { plan: product };
  return checkoutRequest(target, { country: market.country, organizationId, idempotencyKey, ...bought });
}

function isOpen(answer: CheckoutAnswer): answer is OpenAnswer {
  return answer.status === 'open' && answer.provider !== null && answer.checkout_url !== null;
}

/** The last part of its address names the page. */
function pageOf(url: string): string {
  return new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '';
}
