import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { abilitiesOf, moduleOf } from '../../src/providers/accounts.ts';
import type { ProviderAccount, WebhookInput } from '../../src/providers/port.ts';
import { aCheckout, createScene } from './behaviour.ts';
import { ownPlace } from './places.ts';
import type { Compared } from './report.ts';

const patienceMs = 5_000;

/**
 * Verifies a message signed as the provider signs: believed under the secret it was signed with, and under no other, the
 * account's own among them. A real message needs an address that the provider can reach: docs/providers.md, "Tunnels".
 */
export async function tryWebhook(provider: string, account: ProviderAccount): Promise<Compared> {
  const startedMs = performance.now();
  let problem: string | null = null;
  try {
    const { message, secrets } = await signedSample(provider);
    const { webhook } = moduleOf(provider);
    const asked = { ...message, nowMs: Date.now() };
    assert.ok(webhook.verify({ ...asked, secrets }), 'a signed message is not believed');
    assert.ok(webhook.parse(message).eventId.length > 0, 'a message has no id');
    assert.ok(!webhook.verify({ ...asked, secrets: [] }), 'a message is believed without a secret');
    const others = account.webhookSecrets.filter((secret) => !secrets.includes(secret));
    assert.ok(!webhook.verify({ ...asked, secrets: others }), 'a message is believed under another account’s secret');
    const rawBody = Buffer.concat([message.rawBody, Buffer.from(' ')]);
    assert.ok(!webhook.verify({ ...asked, rawBody, secrets }), 'a changed message is believed');
  } catch (error) {
    problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
  return {
    ...{ provider, behaviour: 'a signed message is believed, a changed or foreign one is not', problem },
    ...{ ok: problem === null, ms: Math.round(performance.now() - startedMs) },
    ...{ differences: [], onTheWire: [], leftBehind: [] },
  };
}

async function signedSample(provider: string): Promise<{ message: WebhookInput; secrets: readonly string[] }> {
  const place = await ownPlace(provider);
  try {
    const { account, messages } = place;
    const about = { provider, account, abilities: abilitiesOf(provider), runId: 'hook', emailDomain: 'example.com' };
    const session = await account.client.checkouts.create(await aCheckout(createScene(about), 'payment'));
    if (session.outcome !== 'opened') throw new Error('the simulator opened no checkout');
    const id = encodeURIComponent(session.providerCheckoutId);
    await place.control(`checkouts/${provider}/${id}/complete`, { outcome: 'paid' });
    const endMs = Date.now() + patienceMs;
    while (messages.length === 0 && Date.now() < endMs) await wait(20);
    const [message] = messages;
    if (!message) throw new Error('the simulator sent nothing');
    return { message, secrets: account.webhookSecrets };
  } finally {
    await place.close();
  }
}
