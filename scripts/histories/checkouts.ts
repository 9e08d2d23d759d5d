import { lateFactWorkflowId, checkoutWorkflowId, subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import { strayWorkflowId } from '../../src/domain/checkout/stray.ts';
import type { CheckoutView, System } from '../../test/integration/support.ts';
import { moment, type Story } from './story.ts';

/** Bought once, in dollars. */
export async function paidCheckout(at: System): Promise<CheckoutView> {
  const view = await at.open({ country: 'US' });
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  return view;
}

const paid: Story = async (at) => ({ 'checkout-paid': checkoutWorkflowId((await paidCheckout(at)).checkout_id) });

const subscribed: Story = async (at) => {
  const view = await at.open({ country: 'RU', product_id: 'pro', billing_interval: 'monthly' });
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  const { subscription_id: id } = await at.checkout(view.checkout_id);
  return {
    'checkout-subscription': checkoutWorkflowId(view.checkout_id),
    'subscription-active': subscriptionWorkflowId(id ?? ''),
  };
};

const fellBack: Story = async (at) => {
  await at.fault({ provider: 'polar', operation: 'checkouts.create', kind: 'timeout_after_work', rate: 1 });
  const view = await at.open({ country: 'US' });
  await at.clearFaults();
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  return { 'checkout-fallback': checkoutWorkflowId(view.checkout_id) };
};

const voucher: Story = async (at) => {
  const view = await at.open({ country: 'MX', payment_methods: ['oxxo'] });
  await at.complete(view, 'voucher_issued', { method: 'oxxo' });
  await until(at, view, 'pending');
  await at.complete(view, 'voucher_paid');
  await until(at, view, 'paid');
  return { 'checkout-voucher': checkoutWorkflowId(view.checkout_id) };
};

const canceledAndPaidLate: Story = async (at) => {
  const view = await at.open({ country: 'US' });
  await at.api('POST', `/billing/checkouts/${view.checkout_id}/expire`);
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  const { rows } = await at.db.query<{ id: string }>(
    `select id from provider_events where delivered_to = 'fact/' || id and checkout_id = $1`,
    [view.checkout_id],
  );
  return {
    'checkout-canceled': checkoutWorkflowId(view.checkout_id),
    'late-fact-paid': lateFactWorkflowId(rows[0]?.id ?? ''),
  };
};

/** The first provider opens a session whose answer is lost; the second serves. */
async function fallenBack(at: System, provider: string, country: string): Promise<CheckoutView> {
  await at.fault({ provider, operation: 'checkouts.create', kind: 'timeout_after_work', rate: 1, times: 1 });
  return at.open({ country });
}

const strayEnded: Story = async (at) => {
  const view = await fallenBack(at, 'conekta', 'MX');
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  return { 'stray-ended': strayWorkflowId(view.checkout_id, 'conekta') };
};

const strayPaid: Story = async (at) => {
  const view = await fallenBack(at, 'polar', 'US');
  await at.complete({ ...view, provider: 'polar' }, 'paid');
  await until(at, view, 'paid');
  return {
    'checkout-moved': checkoutWorkflowId(view.checkout_id),
    'stray-paid': strayWorkflowId(view.checkout_id, 'polar'),
  };
};

const strayReturned: Story = async (at) => {
  const view = await fallenBack(at, 'polar', 'US');
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  await at.complete({ ...view, provider: 'polar' }, 'paid');
  return { 'stray-returned': strayWorkflowId(view.checkout_id, 'polar') };
};

export const checkoutStories: readonly Story[] = [
  ...[paid, subscribed, fellBack, voucher, canceledAndPaidLate],
  ...[strayEnded, strayPaid, strayReturned],
];

async function until(at: System, view: CheckoutView, status: string): Promise<void> {
  for (let tries = 0; (await at.checkout(view.checkout_id)).status !== status; tries += 1) {
    if (tries > 300) throw new Error(`${view.checkout_id} did not become ${status}`);
    await moment();
  }
}
