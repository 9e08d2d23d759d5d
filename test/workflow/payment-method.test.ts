import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paymentMethodWorkflowId, type EntityInput } from '../../src/workflows/messages.ts';
import { attachStart, paymentMethodStart } from '../../src/workflows/start-options.ts';
import { startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

let count = 0;
const aRow = () => ({
  ...{ id: `pm_${(count += 1)}`, projectId: 'default', live: false, organizationId: 'org_1', provider: 'acme' },
  version: 1,
});
type Start = ReturnType<typeof attachStart>;
const run = ({ name, ...start }: Start) =>
  world.env.client.workflow.execute<(input: EntityInput) => Promise<unknown>>(name, start);

/** A provider's worker that notes what it is asked to do. */
function aWorker(answers: FakeActivities = {}) {
  const did: string[] = [];
  const fakes: FakeActivities = {
    attachPaymentMethod: async () => (did.push('attach'), { status: 'active', isDefault: false }),
    detachPaymentMethod: async () => (did.push('detach'), { status: 'detached', isDefault: false }),
    defaultPaymentMethod: async () => (did.push('default'), { status: 'active', isDefault: true }),
    ...answers,
  };
  return { did, fakes };
}

describe('attaching', () => {
  it('makes it the default only where that was wished', async () => {
    const plain = aWorker();
    await world.withActivities(plain.fakes, async () => {
      expect(await run(attachStart(aRow()))).toEqual({ status: 'active' });
    });
    expect(plain.did).toEqual(['attach']);
    const wished = aWorker({ attachPaymentMethod: async () => ({ status: 'active', isDefault: true }) });
    await world.withActivities(wished.fakes, () => run(attachStart(aRow())));
    expect(wished.did).toEqual(['default']);
  });

  it('ends while the customer confirms, and looks until they have', async () => {
    const row = aRow();
    let looks = 0;
    const { did, fakes } = aWorker({
      attachPaymentMethod: async () => ({ status: 'requires_action', isDefault: true }),
      confirmPaymentMethod: async () => {
        looks += 1;
        return { status: looks < 15 ? 'requires_action' : 'active', isDefault: true };
      },
    });
    await world.withActivities(fakes, async () => {
      expect(await run(attachStart(row))).toEqual({ status: 'requires_action' });
      const waiting = world.env.client.workflow.getHandle(paymentMethodWorkflowId(row.id, 'confirm'));
      expect(await waiting.result()).toEqual({ status: 'active' });
      expect(did).toEqual(['default']);
    });
    expect(looks).toBe(15);
  });

  it('gives a customer who never confirms a day', async () => {
    const row = aRow();
    const lasts: boolean[] = [];
    const { fakes } = aWorker({
      attachPaymentMethod: async () => ({ status: 'requires_action', isDefault: false }),
      confirmPaymentMethod: async ({ isLast }) => {
        lasts.push(isLast);
        return { status: isLast ? 'failed' : 'requires_action', isDefault: false };
      },
    });
    await world.withActivities(fakes, async () => {
      const before = await world.env.currentTimeMs();
      await run(attachStart(row));
      const waiting = world.env.client.workflow.getHandle(paymentMethodWorkflowId(row.id, 'confirm'));
      expect(await waiting.result()).toEqual({ status: 'failed' });
      const hours = ((await world.env.currentTimeMs()) - before) / 3_600_000;
      expect(hours).toBeGreaterThan(23);
      expect(hours).toBeLessThan(26);
    });
    expect(lasts.filter(Boolean)).toHaveLength(1);
  });

  it('goes on when the provider is away for a while', async () => {
    let tries = 0;
    const { fakes } = aWorker({
      attachPaymentMethod: async () => {
        tries += 1;
        if (tries < 4) throw new Error('away');
        return { status: 'active', isDefault: false };
      },
    });
    await world.withActivities(fakes, async () => {
      expect(await run(attachStart(aRow()))).toEqual({ status: 'active' });
    });
    expect(tries).toBe(4);
  });
});

describe('taking away and making the default', () => {
  it('run on the provider’s queue, once per state of the row', async () => {
    const row = aRow();
    const { did, fakes } = aWorker();
    await world.withActivities(fakes, async () => {
      await run(paymentMethodStart(row, 'default'));
      await run(paymentMethodStart({ ...row, version: 2 }, 'default'));
      expect(await run(paymentMethodStart({ ...row, version: 3 }, 'detach'))).toEqual({ status: 'detached' });
    });
    expect(did).toEqual(['default', 'default', 'detach']);
  });
});
