import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStore } from '../src/core/store.ts';
import type { Delivery } from '../src/webhooks/deliveries.ts';
import { isGivenUp } from '../src/webhooks/endpoint-policy.ts';
import { createTargets } from '../src/webhooks/targets.ts';
import { type Harness, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { polar: receiver.url('polar') }, retryScale: 0 });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const aCustomer = (at: number) => harness.polar.customers.create({ email: `customer-${at}@example.com`, name: null });
const deliveries = async (): Promise<{ status: string }[]> =>
  (await harness.control('GET', '/deliveries?provider=polar')).body as unknown as { status: string }[];

describe('an endpoint that fails', () => {
  it('is disabled by Polar once its last ten events failed, until it is taken into use again', async () => {
    receiver.answerWith(...Array<number>(300).fill(500));
    for (let at = 0; at < 12; at += 1) await aCustomer(at);
    const disabled = async (): Promise<unknown> => (await harness.control('GET', '/config')).body['disabled_webhooks'];
    await expect.poll(disabled, { timeout: 8000 }).toEqual({ polar: [receiver.url('polar')] });
    await expect
      .poll(async () => (await deliveries()).some(({ status }) => status === 'pending'), { timeout: 4000 })
      .toBe(false);
    const before = (await deliveries()).length;
    await aCustomer(50);
    expect(await deliveries()).toHaveLength(before);
    await harness.control('POST', '/config', { webhooks: { polar: receiver.url('polar') } });
    expect(await disabled()).toEqual({});
    await aCustomer(51);
    expect((await deliveries()).length).toBeGreaterThan(before);
  });

  it('stays in use while one of the ten went through, and at providers that publish no such rule', () => {
    const finished = (at: number, status: 'failed' | 'delivered') =>
      ({ event_id: `event-${at}`, status }) as unknown as Delivery;
    const failed = Array.from({ length: 10 }, (_, at) => finished(at, 'failed'));
    expect(isGivenUp('polar', failed)).toBe(true);
    expect(isGivenUp('polar', failed.slice(1))).toBe(false);
    expect(isGivenUp('polar', [...failed.slice(1), finished(10, 'delivered')])).toBe(false);
    expect(isGivenUp('stripe', failed)).toBe(false);
  });

  it('is disabled in the provider’s own object when its API registered it', () => {
    const targets = createTargets(createStore(null, () => true));
    let isEnabled = true;
    const target = { url: 'http://127.0.0.1:9/hook', events: null, secret: null };
    targets.addSource(
      'polar',
      () => (isEnabled ? [target] : []),
      () => (isEnabled = false),
    );
    targets.disable('polar', target.url);
    expect(targets.of('polar', 'order.paid')).toEqual([]);
    isEnabled = true;
    expect(targets.of('polar', 'order.paid')).toEqual([target]);
  });
});
