import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from '../../unit/domain/operations.ts';
import { inDays, startOperationWorld, toolsOf, type OperationWorld, type Ref } from './operation-world.ts';

let world: OperationWorld;
beforeAll(async () => {
  world = await startOperationWorld();
});
afterAll(() => world?.end());

const { operate, rowOf, changeOf, eventsOf, names, due } = toolsOf(() => world);

async function lastTold({ subscriptionId }: Ref): Promise<unknown> {
  const [event] = await world.query<{ data: unknown }>(
    'select data from outbound_events where object_id = ? order by sequence desc limit 1',
    [subscriptionId],
  );
  return event?.data;
}

describe('a pause', () => {
  it('begins at once and ends when asked', async () => {
    const ref = await world.aSubscription();
    expect(await operate(ref, await world.ask(ref, 'pause', { resumesAt: new Date(inDays(40)) }))).toMatchObject({
      status: 'applied',
      settled: { status: 'paused' },
    });
    expect(await operate(ref, await world.ask(ref, 'resume'))).toMatchObject({ settled: { status: 'active' } });
    expect(names()).toEqual(['pause now', 'resume']);
    expect(await eventsOf(ref)).toEqual(['subscription.paused', 'subscription.resumed']);
  });

  it('whose end the provider cannot keep is ended by us on its day', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const resumesAt = new Date(inDays(40));
    await operate(ref, await world.ask(ref, 'pause', { resumesAt }));
    await world.activities.settleSubscription({ ...ref, disputeIds: [] });
    expect(await rowOf(ref)).toMatchObject({ status: 'paused', resumesAt });
    const [waiting] = await world.query<{ id: string; effective_at: Date }>(
      `select id, effective_at from subscription_changes where subscription_id = ? and kind = 'resume'`,
      [ref.subscriptionId],
    );
    const id = waiting?.id ?? '';
    expect(new Date(waiting?.effective_at ?? 0)).toEqual(resumesAt);
    await due(ref, id);
    expect(await operate(ref, id)).toMatchObject({ status: 'applied', settled: { status: 'active' } });
    expect(names()).toEqual(['pause now', 'resume']);
    expect(await rowOf(ref)).toMatchObject({ resumesAt: null });
  });

  it('with the period waits with us where the provider pauses at once, and is taken back', async () => {
    const ref = await world.aSubscription();
    world.acme.abilities = atOnce;
    const resumesAt = new Date(inDays(40));
    const id = await world.ask(ref, 'pause', { timing: 'period_end', resumesAt });
    expect(await operate(ref, id)).toMatchObject({ status: 'scheduled', settled: { status: 'active' } });
    const { effectiveAt } = await changeOf(id);
    const at = effectiveAt?.toISOString();
    expect(await lastTold(ref)).toMatchObject({ pause_at: at, next_action: { kind: 'pause', by: 'plinto', at } });
    expect(await operate(ref, await world.ask(ref, 'resume'))).toMatchObject({ status: 'applied' });
    expect(await lastTold(ref)).toMatchObject({ pause_at: null, next_action: { kind: 'renew' } });
    const left = await world.query(
      `select 1 from subscription_changes where subscription_id = ? and status = 'scheduled'`,
      [ref.subscriptionId],
    );
    expect(left).toEqual([]);
    expect(names()).toEqual([]);
  });

  it('that goes on with a declined payment has not ended', async () => {
    const ref = await world.aSubscription();
    await operate(ref, await world.ask(ref, 'pause'));
    world.acme.faults.set('resume', 'declined');
    const id = await world.ask(ref, 'resume');
    expect(await operate(ref, id)).toMatchObject({ status: 'failed', settled: { status: 'paused' } });
    expect(await changeOf(id)).toMatchObject({ failureCode: 'payment_declined' });
  });
});
