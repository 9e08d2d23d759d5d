import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { createTemporalGateway } from '../../../src/api/temporal.ts';

const report = { isDone: true, expected: 0, dryRun: true, steps: [] };
const input = { projectId: 'default', live: false, providers: [], dryRun: true };
const running = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const pushing = (result: Promise<unknown>) =>
  createTemporalGateway({
    workflow: { start: () => Promise.resolve({ result: () => result }) },
  } as unknown as Client).pushPlans('push', input);

describe('a push that ends in time', () => {
  it('leaves no timer behind', async () => {
    const before = running();
    expect(await pushing(Promise.resolve(report))).toEqual(report);
    expect(running()).toBe(before);
  });

  it('leaves no timer behind when it failed', async () => {
    const before = running();
    await expect(pushing(Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(running()).toBe(before);
  });
});
