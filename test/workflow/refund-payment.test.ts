import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RefundedPayment } from '../../src/activities/refund-payment.ts';
import { billingQueue, refundAskedUpdate, refundStateQuery, whyQuery } from '../../src/workflows/messages.ts';
import type { refundPayment } from '../../src/workflows/refund-payment.ts';
import { refundStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const begin = async () => {
  const row = { id: `re_${(count += 1)}`, projectId: 'p', live: false, organizationId: 'org_1', provider: 'acme' };
  const { name, ...start } = refundStart(row);
  return world.env.client.workflow.start<typeof refundPayment>(name, { ...start, taskQueue: billingQueue });
};

/** An activity that says one thing after the other, and the last for good. */
function saying(...answers: readonly (RefundedPayment | Error)[]) {
  let calls = 0;
  return {
    calls: () => calls,
    refundPayment: async () => {
      const answer = answers[Math.min(calls, answers.length - 1)];
      calls += 1;
      if (answer === undefined) throw new Error('nothing to say');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const is = (status: RefundedPayment['status']): RefundedPayment => ({ status, because: `acme says ${status}` });

describe('a refund', () => {
  it('is asked for once when the provider does it at once', async () => {
    const { calls, refundPayment: activity } = saying(is('succeeded'));
    await world.withActivities({ refundPayment: activity }, async () => {
      const handle = await begin();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(calls()).toBe(1);
      expect(await handle.query(whyQuery)).toBe('acme says succeeded');
    });
  });

  it('answers who waits as soon as the provider was asked, and is followed for days', async () => {
    const { calls, refundPayment: activity } = saying(
      ...[is('unknown'), is('pending'), is('pending'), is('pending'), is('pending'), is('pending')],
      ...[is('pending'), is('pending'), is('pending'), is('pending'), is('succeeded')],
    );
    await world.withActivities({ refundPayment: activity }, async () => {
      const handle = await begin();
      expect(await handle.executeUpdate(refundAskedUpdate)).toEqual({ status: 'unknown' });
      const before = await world.env.currentTimeMs();
      expect(await handle.result()).toEqual({ status: 'succeeded' });
      expect(calls()).toBe(11);
      expect((await world.env.currentTimeMs()) - before).toBeGreaterThan(13 * 3_600_000);
      expect(await handle.query(refundStateQuery)).toEqual({ status: 'succeeded', next: null });
    });
  });

  it('ends with what the bank said', async () => {
    await world.withActivities({ refundPayment: saying(is('failed')).refundPayment }, async () => {
      expect(await (await begin()).result()).toEqual({ status: 'failed' });
    });
  });

  it('goes on after a fault of ours, for the money is still owed', async () => {
    const fault = ApplicationFailure.nonRetryable('we stumbled', 'checkout_without_plan');
    const { refundPayment: activity } = saying(fault, is('succeeded'));
    await world.withActivities({ refundPayment: activity }, async () => {
      expect(await (await begin()).result()).toEqual({ status: 'succeeded' });
    });
  });
});
