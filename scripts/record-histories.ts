import { writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { canceledNow, lateThenRecovered, trialToActive } from '../test/integration/subscription-stories.ts';
import { startSystem, type CheckoutView, type System } from '../test/integration/support.ts';
import { checkoutWorkflowId, lateFactWorkflowId, subscriptionWorkflowId } from '../src/workflows/messages.ts';

/**
 * Plays each story on the whole system and keeps its workflow's history in `test/replay/histories`. Run it when a
 * workflow is released; never to make a failing replay pass.
 */
const folder = new URL('../test/replay/histories/', import.meta.url);
const system = await startSystem();
try {
  await paid(system);
  await subscribed(system);
  await fellBack(system);
  await voucher(system);
  await canceledAndPaidLate(system);
  for (const [name, story] of Object.entries({ trialToActive, lateThenRecovered, canceledNow }))
    await keep(system, `subscription-${kebab(name)}`, subscriptionWorkflowId(await story(system)));
} finally {
  await system.end();
}

async function paid(at: System): Promise<void> {
  const view = await at.open({ country: 'US' });
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  await keep(at, 'checkout-paid', checkoutWorkflowId(view.checkout_id));
}

async function subscribed(at: System): Promise<void> {
  const view = await at.open({ country: 'RU', product_id: 'pro', billing_interval: 'monthly' });
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  const { subscription_id: id } = await at.checkout(view.checkout_id);
  await keep(at, 'checkout-subscription', checkoutWorkflowId(view.checkout_id));
  await keep(at, 'subscription-active', subscriptionWorkflowId(id ?? ''));
}

async function fellBack(at: System): Promise<void> {
  await at.fault({ provider: 'polar', operation: 'checkouts.create', kind: 'timeout_after_work', rate: 1 });
  const view = await at.open({ country: 'US' });
  await at.clearFaults();
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  await keep(at, 'checkout-fallback', checkoutWorkflowId(view.checkout_id));
}

async function voucher(at: System): Promise<void> {
  const view = await at.open({ country: 'MX', payment_methods: ['oxxo'] });
  await at.complete(view, 'voucher_issued', { method: 'oxxo' });
  await until(at, view, 'pending');
  await at.complete(view, 'voucher_paid');
  await until(at, view, 'paid');
  await keep(at, 'checkout-voucher', checkoutWorkflowId(view.checkout_id));
}

async function canceledAndPaidLate(at: System): Promise<void> {
  const view = await at.open({ country: 'US' });
  await at.api('POST', `/billing/checkouts/${view.checkout_id}/expire`);
  await keep(at, 'checkout-canceled', checkoutWorkflowId(view.checkout_id));
  await at.complete(view, 'paid');
  await until(at, view, 'paid');
  const { rows } = await at.db.query<{ id: string }>(
    `select id from provider_events where delivered_to = 'fact/' || id and checkout_id = $1`,
    [view.checkout_id],
  );
  await keep(at, 'late-fact-paid', lateFactWorkflowId(rows[0]?.id ?? ''));
}

async function until(at: System, view: CheckoutView, status: string): Promise<void> {
  for (let tries = 0; (await at.checkout(view.checkout_id)).status !== status; tries += 1) {
    if (tries > 300) throw new Error(`${view.checkout_id} did not become ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function keep(at: System, name: string, workflowId: string): Promise<void> {
  const handle = at.temporal.workflow.getHandle(workflowId);
  // A subscription lives on: its story so far ends with the first look and a timer.
  if (workflowId.startsWith('subscription/')) await new Promise((resolve) => setTimeout(resolve, 2_000));
  else await handle.result();
  const history = await handle.fetchHistory();
  await writeFile(new URL(`${name}.json`, folder), historyToJSON(history));
  console.log(`${name}: ${history.events?.length ?? 0} events`);
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
