import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutRequest, type Market } from '../../bench/clients/billing.ts';
import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered, isOpened } from '../support/patient-caller.ts';

/** What the buyer means to do with the page. */
export type Plan = 'pays' | 'pays at the second try' | 'walks away';

export interface BuyerInput {
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly market: Market;
  readonly plan: Plan;
  readonly key: string;
  readonly organizationId: string;
  readonly thinksMs: number;
}

export interface Buyer {
  readonly key: string;
  readonly checkoutId: string;
  readonly provider: string;
  readonly isPaid: boolean;
  /** Requests that ended in a broken connection, a 5xx or a 409 and were sent again. */
  readonly retries: number;
}

/** A buyer and the shop's server between them: one key for all tries, as the contract asks of clients. */
export async function runBuyer(input: BuyerInput): Promise<Buyer> {
  const { sandbox, market, plan, key, organizationId, thinksMs } = input;
  const call = createPatientCaller(input.target);
  const request = checkoutRequest(input.target, { country: market.country, organizationId, idempotencyKey: key });
  let checkout = await call.until(request.method, request.path, request, isAnswered);
  const id = checkout.checkout_id;
  checkout = await call.until('GET', `/api/v1/billing/checkouts/${id}`, null, isOpened);
  const provider = checkout.provider;
  if (provider === null || checkout.status !== 'open')
    throw new Error(`${id} came out as ${checkout.status} at ${provider ?? 'no provider'}`);
  await sleep(thinksMs);
  if (plan === 'walks away') {
    const headers = { ...request.headers, 'idempotency-key': `${key}/end` };
    await call.until('POST', `/api/v1/billing/checkouts/${id}/expire`, { headers, body: '{}' }, isAnswered);
  } else {
    if (plan === 'pays at the second try') await pay(sandbox, provider, id, 'declined');
    await pay(sandbox, provider, id, 'paid');
  }
  return { key, checkoutId: id, provider, isPaid: plan !== 'walks away', retries: call.retries() };
}

async function pay(sandbox: SandboxClient, provider: string, id: string, outcome: 'declined' | 'paid'): Promise<void> {
  const result = await sandbox.complete(provider, id, outcome);
  if (result !== outcome) throw new Error(`the page of ${id} at ${provider} said ${result}, not ${outcome}`);
}
