import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutRequest, openCheckout } from '../../bench/clients/billing.ts';
import { createSandboxControl, type SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import { createPatientCaller, isAnswered } from '../support/patient-caller.ts';
import { oldestEventS } from './events.ts';
import { meters, type OrganizationPlan } from './meters.ts';

/** So much older than any event, so that none is of a period before. A checkout's page lives longer. */
const periodAgeMs = (oldestEventS + 5 * 60) * 1_000;
const patienceMs = 60_000;

/** Meters, and a subscription that began a while ago for everybody who has one. Nothing fails yet. */
export async function setStage(
  target: Target,
  sandbox: SandboxClient,
  organizations: readonly OrganizationPlan[],
): Promise<void> {
  for (const meter of meters) await ask(target, 'POST', '/ops/meters', { name: meter.key, ...meter }, target.ops_key);
  const control = createSandboxControl(target);
  // The providers' time, by which periods begin.
  await control('POST', 'clock', { now: new Date(Date.now() - periodAgeMs).toISOString() });
  await Promise.all(organizations.map((organization) => subscribe(target, sandbox, organization)));
  await control('POST', 'clock', { now: new Date().toISOString() });
}

async function subscribe(target: Target, sandbox: SandboxClient, { id, provider, country }: OrganizationPlan) {
  if (provider === null || country === null) {
    await ask(target, 'PUT', `/billing/organizations/${id}`, { name: 'Nobody bills it' });
    return;
  }
  const request = checkoutRequest(target, { country, organizationId: id, idempotencyKey: `stage-${id}`, plan: 'pro' });
  const checkout = await openCheckout(target, request);
  if (checkout.provider !== provider)
    throw new Error(`${id} was to be billed by ${provider}, not ${checkout.provider}`);
  await sandbox.complete(provider, checkout.checkout_id, 'paid');
  const subscription = await awaitActive(target, id);
  const beganMs = Date.parse(subscription.current_period_start ?? '');
  if (!(beganMs < Date.now() - oldestEventS * 1_000))
    throw new Error(`the period of ${id} began at ${subscription.current_period_start}, after its first events`);
}

interface SubscriptionAnswer {
  readonly status: string;
  readonly current_period_start: string | null;
}

async function awaitActive(target: Target, organizationId: string): Promise<SubscriptionAnswer> {
  for (const untilMs = Date.now() + patienceMs; ; await sleep(200)) {
    const url = `${target.api_url}/api/v1/billing/organizations/${organizationId}/subscription`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${target.secret_key}` } });
    const text = await answer.text();
    if (answer.ok) {
      const subscription = JSON.parse(text) as SubscriptionAnswer;
      if (subscription.status === 'active') return subscription;
    }
    if (Date.now() > untilMs) throw new Error(`${organizationId} has no subscription: ${answer.status} ${text}`);
  }
}

/** Reads until it is answered: whoever was killed last may still be away. */
export async function read<T>(target: Target, path: string): Promise<T> {
  return createPatientCaller(target).until<T>('GET', `/api/v1${path}`, null, isAnswered);
}

/** @throws unless the API does it. */
async function ask<T>(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
  key = target.secret_key,
): Promise<T> {
  const answer = await fetch(`${target.api_url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}
