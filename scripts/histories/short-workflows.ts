import { z } from 'zod';
import { fetchSandboxConfig } from '../../src/local/sandbox.ts';
import { disputeSweepId, paymentMethodWorkflowId, refundWorkflowId } from '../../src/workflows/messages.ts';
import { anOrganization, ask } from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { paidCheckout } from './checkouts.ts';
import { newest, operate, type Story } from './story.ts';

const one = z.looseObject({ id: z.string() });
const owned = z.looseObject({ organization_id: z.string() });
const step = z.object({ url: z.string().nullable(), client_secret: z.string().nullable() });
const method = z.looseObject({ id: z.string(), next_action: step.nullable() });

const refund: Story = async (at) => {
  const { checkout_id } = await paidCheckout(at);
  const made = await ask(at, 'POST', '/billing/refunds', { checkout_id, reason: 'requested_by_customer' });
  return { 'refund-payment': refundWorkflowId(one.parse(made).id) };
};

const customerData: Story = async (at) => {
  const { checkout_id } = await paidCheckout(at);
  const { organization_id: id } = owned.parse(await ask(at, 'GET', `/billing/checkouts/${checkout_id}`));
  await ask(at, 'GET', `/billing/customer/data?organization_id=${id}`);
  const exported = await newest(at, 'exportCustomerData');
  await ask(at, 'DELETE', `/billing/customer/data?organization_id=${id}`);
  return { 'export-customer-data': exported, 'erase-customer-data': await newest(at, 'eraseCustomerData') };
};

const store = async (at: System, organizationId: string, card: string, isDefault: boolean) =>
  method.parse(
    await ask(at, 'POST', '/billing/payment-methods', {
      ...{ organization_id: organizationId, provider: 'stripe', set_as_default: isDefault },
      token: await at.token('stripe', card),
    }),
  );

const paymentMethods: Story = async (at) => {
  const organizationId = await anOrganization(at);
  const first = await store(at, organizationId, '4242424242424242', true);
  const second = await store(at, organizationId, '5555555555554444', false);
  await ask(at, 'POST', `/billing/payment-methods/${second.id}/default`);
  await ask(at, 'DELETE', `/billing/payment-methods/${first.id}`);
  await ask(at, 'POST', '/billing/payment-methods/sync', { organization_id: organizationId });
  return {
    'attach-payment-method': paymentMethodWorkflowId(first.id, 'attach'),
    'default-payment-method': await newest(at, 'defaultPaymentMethod'),
    'detach-payment-method': await newest(at, 'detachPaymentMethod'),
    'sync-payment-methods': await newest(at, 'syncPaymentMethods'),
  };
};

/** The bank wants to see the customer, who comes. */
const confirmed: Story = async (at) => {
  const asked = await store(at, await anOrganization(at), '4000002760003184', true);
  await at.confirm('stripe', asked.next_action);
  return {
    'attach-asked-payment-method': paymentMethodWorkflowId(asked.id, 'attach'),
    'confirm-payment-method': await newest(at, 'confirmPaymentMethod'),
  };
};

const grant: Story = async (at) => {
  const benefit = { type: 'feature_flag', description: 'A flag', properties: { feature: 'beta' } };
  const { id } = one.parse(await operate(at, 'POST', '/ops/benefits', benefit));
  await operate(at, 'POST', `/ops/benefits/${id}/grants`, { organization_id: await anOrganization(at) });
  return { 'carry-out-grant': await newest(at, 'carryOutGrant') };
};

const operators: Story = async (at) => {
  await operate(at, 'POST', '/ops/plans/push', { dry_run: true });
  await at.temporal.schedule.getHandle(disputeSweepId('stripe')).trigger();
  return { 'push-plans': await newest(at, 'pushPlans'), 'sweep-disputes': await newest(at, 'sweepDisputes') };
};

/** An account of the project's own, at the same simulation. */
const account: Story = async (at) => {
  const { sandbox_url: url, sandbox_admin_token: token } = at.stack.devFile();
  const { env } = await fetchSandboxConfig(url ?? '', token ?? '');
  const credentials = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('STRIPE_')));
  const path = '/ops/projects/default/accounts/stripe';
  await operate(at, 'PUT', path, { credentials });
  await operate(at, 'POST', `${path}/test`);
  await operate(at, 'POST', `${path}/webhook`, {});
  return {
    'check-provider-account': await newest(at, 'checkProviderAccount'),
    'connect-provider-webhook': await newest(at, 'connectProviderWebhook'),
  };
};

/** The last one changes how webhooks are signed. */
export const shortStories: readonly Story[] = [
  refund,
  customerData,
  paymentMethods,
  confirmed,
  grant,
  operators,
  account,
];
