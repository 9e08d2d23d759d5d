import { createSandboxControl } from '../clients/sandbox.ts';
import type { Target } from '../stack/target.ts';
import { provider } from './prepare.ts';

/**
 * Connects the provider as an operator does in production: the account through our API, and with it an endpoint at the
 * provider that asks for the events we use. The sandbox's own address, which gets every event there is, is taken away.
 */
export async function registerWebhook(target: Target): Promise<void> {
  const { base_url: baseUrl, api_key: key, webhook_secret: secret } = target.providers[provider] ?? {};
  const credentials = { STRIPE_BASE_URL: baseUrl, STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: secret };
  const account = `/api/v1/ops/projects/default/accounts/${provider}`;
  await operate(target, 'PUT', account, { credentials });
  await operate(target, 'POST', `${account}/webhook`, {});
  await createSandboxControl(target)('POST', 'config', { webhooks: { [provider]: null } });
}

async function operate(target: Target, method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(`${target.api_url}${path}`, {
    method,
    headers: { authorization: `Bearer ${target.ops_key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
}
