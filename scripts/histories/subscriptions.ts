import { subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import {
  anOrganization,
  ask,
  bought,
  canceledNow,
  declinedAtOnce,
  lateThenRecovered,
  paused,
  payVoucher,
  told,
  trialToActive,
  voucherIssued,
} from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { operate, type Story } from './story.ts';

/** Another plan now, an end with the period, and that end. */
async function changedThenEnded(at: System): Promise<string> {
  const id = await bought(at, {});
  await ask(at, 'PATCH', `/billing/subscriptions/${id}`, { plan_id: 'enterprise', when: 'now' });
  await told(at, id, 'changed');
  await ask(at, 'DELETE', `/billing/subscriptions/${id}`);
  await told(at, id, 'cancel_scheduled');
  await at.advance('P1M1D');
  await told(at, id, 'canceled');
  return id;
}

/** The second voucher is issued as soon as the first is paid: the project wants them longer ahead than a period. */
async function paidByVoucher(at: System): Promise<string> {
  await operate(at, 'PATCH', '/ops/projects/default', { lifecycle_policy: { voucher_lead_days: 40 } });
  const id = await voucherIssued(at);
  await payVoucher(at, id);
  await told(at, id, 'activated');
  await payVoucher(at, id);
  await operate(at, 'PATCH', '/ops/projects/default', { lifecycle_policy: { voucher_lead_days: 5 } });
  return id;
}

/** Its first provider answers nothing and has nothing: the other one begins it, half a minute later. */
async function fellBack(at: System): Promise<string> {
  const organization = await anOrganization(at);
  for (const provider of ['conekta', 'stripe']) {
    const method = { organization_id: organization, provider, set_as_default: true };
    await ask(at, 'POST', '/billing/payment-methods', {
      ...method,
      token: await at.token(provider, '4242424242424242'),
    });
  }
  const fault = { provider: 'conekta', operation: 'subscriptions.create', kind: 'timeout_before_work' };
  await at.fault({ ...fault, rate: 1, times: 1 });
  const wish = { plan_id: 'pro', billing_interval: 'monthly', country: 'MX' };
  const asked = await ask(at, 'POST', '/billing/subscriptions', { organization_id: organization, ...wish });
  const { id } = asked as { readonly id: string };
  await told(at, id, 'activated');
  return id;
}

const named = (name: string, play: (at: System) => Promise<string>): Story => {
  return async (at) => ({ [`subscription-${name}`]: subscriptionWorkflowId(await play(at)) });
};

export const subscriptionStories: readonly Story[] = [
  named('voucher-period', paidByVoucher),
  named('declined-at-once', declinedAtOnce),
  named('fell-back', fellBack),
  named('paused', paused),
  named('canceled-now', canceledNow),
  // These move the providers' time.
  named('trial-to-active', trialToActive),
  named('late-then-recovered', lateThenRecovered),
  named('changed-then-ended', changedThenEnded),
];
