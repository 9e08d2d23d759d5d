import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutRequest, type CheckoutAnswer, type Market } from '../../bench/clients/billing.ts';
import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';

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

const patienceMs = 120_000;

/** A buyer and the shop's server between them: one key for all tries, as the contract asks of clients. */
export async function runBuyer(input: BuyerInput): Promise<Buyer> {
  const { sandbox, market, plan, key, organizationId, thinksMs } = input;
  const call = createCaller(input.target);
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

const isAnswered = (status: number) => status === 200 || status === 201 || status === 202;
const isOpened = (status: number, answer: CheckoutAnswer) => status === 200 && answer.status !== 'creating';

interface Payload {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function createCaller(target: Target) {
  let retries = 0;

  async function attempt(method: string, path: string, payload: Payload | null) {
    const headers = payload?.headers ?? { authorization: `Bearer ${target.secret_key}` };
    const signal = AbortSignal.timeout(15_000);
    const rest = payload === null ? {} : { body: payload.body };
    try {
      const answer = await fetch(`${target.api_url}${path}`, { method, headers, signal, ...rest });
      const text = await answer.text();
      return { status: answer.status, text };
    } catch (error) {
      return { status: 0, text: String(error) };
    }
  }

  return {
    retries: () => retries,
    /** Sends the same request until it is answered as wished. @throws at once on any other 4xx. */
    async until(
      method: string,
      path: string,
      payload: Payload | null,
      isEnough: (status: number, answer: CheckoutAnswer) => boolean,
    ): Promise<CheckoutAnswer> {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const { status, text } = await attempt(method, path, payload);
        const isFinal = status >= 400 && status < 500 && status !== 409 && status !== 429;
        if (isFinal || Date.now() > deadline) throw new Error(`${method} ${path} was answered ${status}: ${text}`);
        const answer = status >= 200 && status < 300 ? (JSON.parse(text) as CheckoutAnswer) : null;
        if (answer !== null && isEnough(status, answer)) return answer;
        if (answer === null) retries += 1;
        await sleep(300);
      }
    },
  };
}
