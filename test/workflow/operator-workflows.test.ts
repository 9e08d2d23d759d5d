import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { checkProviderAccount } from '../../src/workflows/check-provider-account.ts';
import { billingQueue, meterPushQuery, pushQuery, type PushPlansInput } from '../../src/workflows/messages.ts';
import type { PushMeterInput } from '../../src/activities/push-meter.ts';
import type { pushMeters } from '../../src/workflows/push-meters.ts';
import type { pushPlans } from '../../src/workflows/push-plans.ts';
import type { sweepDisputes } from '../../src/workflows/sweep-disputes.ts';
import { startWorkflowWorld } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const workflowId = (name: string) => `${name}/${(count += 1)}`;

describe('pushing plans', () => {
  const input: PushPlansInput = { projectId: 'default', live: false, providers: ['acme'], dryRun: true };
  const nothing = async () => ({ benefitIds: [], planIds: [], providers: [] });
  const run = (changes: Partial<PushPlansInput> = {}) =>
    world.env.client.workflow.start<typeof pushPlans>('pushPlans', {
      ...{ workflowId: workflowId('push'), taskQueue: billingQueue, args: [{ ...input, ...changes }] },
    });

  it('asks about every price at each provider, and tells what it found', async () => {
    const asked: string[] = [];
    const fakes = {
      listPrices: async () => ['price_1', 'price_2'],
      listBenefits: nothing,
      pushPrice: async ({ priceId, provider, dryRun }: { priceId: string; provider: string; dryRun: boolean }) => {
        asked.push(`${priceId} ${provider} ${dryRun ? 'dry' : 'wet'}`);
        return { priceId, provider, planKey: 'pro', action: 'create' as const, because: 'never pushed' };
      },
    };
    await world.withActivities(fakes, async () => {
      const handle = await run();
      expect(await handle.result()).toMatchObject({ isDone: true, expected: 2, dryRun: true });
      expect(asked).toEqual(['price_1 acme dry', 'price_2 acme dry']);
      expect((await handle.query(pushQuery)).steps).toHaveLength(2);
    });
  });

  it('goes on after a provider was away, and makes each step once', async () => {
    let tries = 0;
    const fakes = {
      listPrices: async () => ['price_1'],
      listBenefits: nothing,
      pushPrice: async () => {
        tries += 1;
        if (tries < 3) throw ApplicationFailure.retryable('away', 'provider_unreachable');
        return {
          ...{ priceId: 'price_1', provider: 'acme', planKey: 'pro' },
          action: 'none' as const,
          because: 'in step',
        };
      },
    };
    await world.withActivities(fakes, async () => {
      const report = await (await run({ dryRun: false })).result();
      expect(report.steps).toMatchObject([{ action: 'none' }]);
      expect(tries).toBe(3);
    });
  });
});

describe('pushing benefits', () => {
  it('follows the prices, definitions before the plans that bring them, only where a provider has benefits', async () => {
    const asked: string[] = [];
    const step = { action: 'create' as const, because: 'never pushed' };
    const note = (line: string) => void asked.push(line);
    const fakes = {
      listPrices: async () => ['price_1'],
      listBenefits: async () => ({ benefitIds: ['ben_1'], planIds: ['plan_1'], providers: ['acme'] }),
      pushPrice: async ({ priceId, provider }: { priceId: string; provider: string }) => (
        note(`${priceId} ${provider}`),
        { ...step, priceId, provider, planKey: 'pro' }
      ),
      pushBenefit: async ({ benefitId, provider }: { benefitId: string; provider: string }) => (
        note(`${benefitId} ${provider}`),
        { ...step, benefitId, provider, planKey: null }
      ),
      pushPlanBenefits: async ({ planId, provider }: { planId: string; provider: string }) => (
        note(`${planId} ${provider}`),
        { ...step, benefitId: null, provider, planKey: 'pro' }
      ),
    };
    await world.withActivities(fakes, () =>
      world.withQueue('other', fakes, async () => {
        const input = { projectId: 'default', live: false, providers: ['acme', 'other'], dryRun: false };
        const handle = await world.env.client.workflow.start<typeof pushPlans>('pushPlans', {
          ...{ workflowId: workflowId('push'), taskQueue: billingQueue, args: [input] },
        });
        expect(await handle.result()).toMatchObject({ isDone: true, expected: 4, benefits: [{}, {}] });
      }),
    );
    expect(asked.filter((line) => line.endsWith('acme'))).toEqual(['price_1 acme', 'ben_1 acme', 'plan_1 acme']);
    expect(asked.filter((line) => line.endsWith('other'))).toEqual(['price_1 other']);
  });
});

describe('pushing meters', () => {
  it('asks about every meter at each provider, one provider away holding up no other', async () => {
    const asked: string[] = [];
    let tries = 0;
    const fakes = (isAway: boolean) => ({
      listMeters: async () => ['mtr_1', 'mtr_2'],
      pushMeter: async ({ meterId, provider, dryRun }: PushMeterInput) => {
        if (isAway && (tries += 1) < 3) throw ApplicationFailure.retryable('away', 'provider_unreachable');
        asked.push(`${meterId} ${provider} ${dryRun ? 'dry' : 'wet'}`);
        return { meterId, meterKey: 'calls', provider, action: 'create' as const, because: 'never pushed' };
      },
    });
    await world.withActivities(fakes(true), () =>
      world.withQueue('other', fakes(false), async () => {
        const handle = await world.env.client.workflow.start<typeof pushMeters>('pushMeters', {
          ...{ workflowId: workflowId('push-meters'), taskQueue: billingQueue },
          args: [{ projectId: 'default', live: false, providers: ['acme', 'other'], dryRun: false }],
        });
        expect(await handle.result()).toMatchObject({ isDone: true, expected: 4, dryRun: false });
        expect((await handle.query(meterPushQuery)).steps).toHaveLength(4);
      }),
    );
    expect(asked.toSorted()).toEqual(['mtr_1 acme wet', 'mtr_1 other wet', 'mtr_2 acme wet', 'mtr_2 other wet']);
  });
});

describe('checking an account', () => {
  it('answers what the provider said, refusal included', async () => {
    const refused = { error: 'provider_credentials_rejected', providerAccountId: null, name: null };
    await world.withActivities({ checkProviderAccount: async () => refused }, async () => {
      const handle = await world.env.client.workflow.start<typeof checkProviderAccount>('checkProviderAccount', {
        ...{ workflowId: workflowId('check'), taskQueue: billingQueue },
        args: [{ projectId: 'acme-shop', live: false, provider: 'acme' }],
      });
      expect(await handle.result()).toEqual(refused);
    });
  });
});

describe('sweeping disputes', () => {
  it('gives up after a while, for the next sweep comes anyway', async () => {
    const away = async () => {
      throw ApplicationFailure.retryable('away', 'provider_unreachable');
    };
    await world.withActivities({ sweepDisputes: away }, async () => {
      const handle = await world.env.client.workflow.start<typeof sweepDisputes>('sweepDisputes', {
        ...{ workflowId: workflowId('sweep'), taskQueue: billingQueue, args: [{ provider: 'acme' }] },
      });
      await expect(handle.result()).rejects.toThrow();
    });
  });
});
