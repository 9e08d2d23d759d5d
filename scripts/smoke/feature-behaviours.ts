import assert from 'node:assert/strict';
import { createdCustomer, keyOf, type Behaviour } from './behaviour.ts';

const usage: Behaviour = {
  name: 'usage is reported to a meter, and repeated without harm',
  needs: ['usage.ingest', 'usage.ensureMeter'],
  async run(scene) {
    const { usage: group } = scene.account.client;
    if (!group) return {};
    const { input, customer } = await createdCustomer(scene);
    // One meter for all runs: most providers cannot delete them.
    const eventName = 'plinto_smoke_test';
    const meter = await group.ensureMeter({
      ...{ meterId: 'mtr_smoke', name: eventName, eventName, aggregation: 'sum', property: 'quantity' },
      ...keyOf(scene),
    });
    const listed = await group.listMeters({ cursor: null, limit: 100 });
    const { organizationId } = input;
    const { providerCustomerId } = customer;
    const event = {
      ...{ eventId: scene.id('ue'), eventName, organizationId, providerCustomerId, quantity: '2', properties: {} },
      timestamp: new Date(Date.now() - 60_000).toISOString(),
    };
    const first = await group.ingest([event]);
    assert.equal(first.accepted, 1);
    const again = await group.ingest([event]);
    const quantity = await group.quantity({
      ...{ providerMeterId: meter.providerMeterId, providerCustomerId },
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 3_600_000).toISOString(),
    });
    // Real meters count late; ours counts at once. Only more than was sent is wrong.
    assert.ok(Number(quantity) <= 2, `counted ${quantity} of 2`);
    return { meter, first, rejectedAgain: again.rejected, isListed: listed.items.length > 0, quantity };
  },
};

const changes: Behaviour = {
  name: 'what changed in the last hour is listed',
  needs: ['changes.list'],
  async run(scene) {
    const { changes: group } = scene.account.client;
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const page = await group?.list({ since, until: new Date().toISOString(), cursor: null, limit: 10 });
    for (const fact of page?.items ?? []) assert.ok(Date.parse(fact.changedAt) >= Date.parse(since) - 1_000);
    return { isPage: page !== undefined };
  },
};

const disputes: Behaviour = {
  name: 'disputes are listed',
  needs: ['disputes.list'],
  async run(scene) {
    const createdAfter = new Date(Date.now() - 86_400_000).toISOString();
    const page = await scene.account.client.disputes?.list({ createdAfter, cursor: null, limit: 10 });
    return { isPage: page !== undefined };
  },
};

const benefits: Behaviour = {
  name: 'a benefit is defined, read and removed',
  needs: ['benefits.ensure', 'benefits.remove'],
  async run(scene) {
    const { benefits: group } = scene.account.client;
    const [type] = group?.types.filter((known) => known === 'custom') ?? [];
    if (!group || type === undefined) return { benefit: null };
    const input = { benefitId: scene.id('ben'), type, description: 'Smoke test', properties: { note: 'Call us' } };
    const benefit = await group.ensure({ ...input, ...keyOf(scene) });
    const { providerBenefitId } = benefit;
    scene.cleanUp(() => group.remove({ providerBenefitId, ...keyOf(scene) }));
    assert.equal((await group.get(providerBenefitId))?.benefitId, input.benefitId);
    await group.remove({ providerBenefitId, ...keyOf(scene) });
    assert.equal((await group.get(providerBenefitId))?.isDeleted ?? true, true, 'is still there');
    return { benefit };
  },
};

const webhookEndpoints: Behaviour = {
  name: 'webhook addresses are listed',
  needs: ['webhookEndpoints.list'],
  async run(scene) {
    const known = await scene.account.client.webhookEndpoints?.list();
    return { isList: Array.isArray(known) };
  },
};

export const featureBehaviours: readonly Behaviour[] = [usage, changes, disputes, benefits, webhookEndpoints];
