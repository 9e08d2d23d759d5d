import { afterEach, expect, it } from 'vitest';
import { createConektaApi } from '../../../../src/providers/conekta/client.ts';
import { createConektaCustomerData } from '../../../../src/providers/conekta/customer-data.ts';
import { startStubServer, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

const orders = [
  { id: 'ord_1', customer_info: { customer_id: 'cus_1' } },
  { id: 'ord_guest', customer_info: {}, metadata: { organization_id: 'org_1' } },
  { id: 'ord_other', customer_info: { customer_id: 'cus_2' }, metadata: { organization_id: 'org_2' } },
];

it('Conekta exports a customer with the orders of before, when they were a guest', async () => {
  server = await startStubServer(({ path }) => {
    if (path.startsWith('/orders')) return { body: { data: orders, has_more: false } };
    if (/payment_sources|subscriptions/.test(path)) return { body: { data: [], has_more: false } };
    return { body: { id: 'cus_1', email: 'ada@example.com' } };
  });
  const api = createConektaApi({ apiKey: 'key_x', baseUrl: server.url, http: { timeoutMs: 1000 } });
  const ref = { providerCustomerId: 'cus_1', organizationId: 'org_1' };
  expect(await createConektaCustomerData(api).export(ref)).toEqual({
    customer: [{ id: 'cus_1', email: 'ada@example.com' }],
    payment_sources: [],
    subscriptions: [],
    orders: orders.slice(0, 2),
  });
});
