import { describe, expect, it } from 'vitest';
import { lookUnlessOpen } from '../../../src/activities/look-unless-open.ts';
import { healthy } from '../../support/healthy.ts';

const key = { projectId: 'p', live: false, provider: 'acme' };

function aHealth(entered: 'go' | 'trial' | 'open') {
  const left: unknown[] = [];
  return { left, health: { ...healthy, enter: async () => entered, leave: (of: unknown) => void left.push(of) } };
}

describe('a look at a provider', () => {
  it('is not made where slots are shared while its breaker is open', async () => {
    const { health } = aHealth('open');
    let looks = 0;
    const look = async () => (looks += 1);
    await expect(lookUnlessOpen({ health, sharesSlots: true }, key, look)).rejects.toMatchObject({
      ...{ code: 'provider_breaker_open', kind: 'unavailable' },
    });
    expect(looks).toBe(0);
  });

  it('is made with patience on the provider’s own queue, breaker or not', async () => {
    const { health } = aHealth('open');
    expect(await lookUnlessOpen({ health }, key, async () => 'seen')).toBe('seen');
  });

  it('leaves its trial however it ends, and nobody else’s', async () => {
    const trial = aHealth('trial');
    const fails = () => Promise.reject(new Error('no answer'));
    await expect(lookUnlessOpen({ health: trial.health, sharesSlots: true }, key, fails)).rejects.toThrow('no answer');
    expect(trial.left).toEqual([key]);
    const usual = aHealth('go');
    expect(await lookUnlessOpen({ health: usual.health, sharesSlots: true }, key, async () => 'seen')).toBe('seen');
    expect(usual.left).toEqual([]);
  });
});
