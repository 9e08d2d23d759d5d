import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.ts';
import { aMeter, anOrganization } from './usage-report-rows.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

describe('usage under a provider’s name', () => {
  it('is taken in for the organization that the query names, and read of every meter or of one', async () => {
    const meters = [await aMeter(api), await aMeter(api, 'max')];
    const organization = await anOrganization(api);
    for (const provider of ['merchant', 'local', 'world']) {
      const path = `/api/v1/${provider}/usage?organization_id=${organization}`;
      const body = { event_name: 'used', quantity: '2.5', event_id: provider };
      expect(await api.call('POST', path, { body })).toMatchObject({ status: 202, body: { event_id: provider } });
    }
    const path = `/api/v1/merchant/usage?organization_id=${organization}`;
    const { body } = await api.call('GET', path);
    const totals = new Map(body.data.map((each) => [Reflect.get(each, 'meter'), Reflect.get(each, 'total')]));
    expect(totals).toEqual(new Map(meters.map(({ key }, n) => [key, n === 0 ? '7.5' : '2.5'])));
    const one = await api.call('GET', `${path}&meter=${meters[0]?.key}`);
    expect(one.body).toMatchObject({ meter: meters[0]?.key, total: '7.5', events: 3 });
    const same = await api.call('GET', `/billing/usage?organization_id=${organization}&meter=${meters[0]?.key}`);
    expect(one.body).toEqual(same.body);
  });

  it('names what is wrong, and writes nothing', async () => {
    const organization = await anOrganization(api);
    const path = '/api/v1/merchant/usage';
    const body = { event_name: 'used', event_id: randomUUID() };
    expect((await api.call('POST', path, { body })).body).toMatchObject({ code: 'organization_required' });
    expect((await api.call('POST', `${path}?organization=${organization}`, { body })).body).toMatchObject({
      ...{ code: 'validation_failed', errors: [{ pointer: '/organization' }] },
    });
    expect((await api.call('GET', path)).body).toMatchObject({ code: 'organization_required' });
    expect((await api.call('DELETE', path)).status).toBe(405);
    expect((await api.call('POST', `${path}?organization_id=${organization}`, { key: null, body })).status).toBe(401);
    const rows = await api.query('select event_id from usage_events where organization_id = ?', [organization]);
    expect(rows).toEqual([]);
  });
});
