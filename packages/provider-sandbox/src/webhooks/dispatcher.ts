import { nextRandom } from '../core/random.ts';
import type { Credentials } from './credentials.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import { isGivenUp } from './endpoint-policy.ts';
import { retryDelayMs } from './retry-schedule.ts';
import type { Targets } from './targets.ts';
import { conektaDigest, fungiesSignature, polarSignature, stripeSignature } from './signatures.ts';

const IN_FLIGHT = 50;
const TIMEOUT_MS = 10_000;
const ANSWER_KEPT = 500;

export interface Dispatcher {
  start(): void;
  /** Sends once more, now, whatever happened before. */
  resend(delivery: Delivery): void;
  stop(): Promise<void>;
}

function signedHeaders(delivery: Delivery, credentials: Credentials): Record<string, string> {
  const { polar, stripe, conekta, fungies } = credentials.current();
  const timestampS = Math.floor(Date.now() / 1000);
  const base = { 'content-type': 'application/json; charset=utf-8' };
  if (delivery.provider === 'stripe') {
    const rolled = stripe.previous && stripe.previous.untilMs > Date.now() ? [stripe.previous.secret] : [];
    const secrets = delivery.secret === null ? [stripe.secret, ...rolled] : [delivery.secret];
    return {
      ...base,
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'stripe-signature': stripeSignature(secrets, timestampS, delivery.body),
    };
  }
  if (delivery.provider === 'polar') {
    const { secret, era } = delivery.secret === null ? polar : { secret: delivery.secret, era: 'standard' as const };
    return {
      ...base,
      'user-agent': 'polar.sh webhooks',
      'webhook-id': delivery.event_id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': polarSignature({ secret, era, id: delivery.event_id, timestampS, body: delivery.body }),
      'webhook-api-version': '2026-10',
    };
  }
  if (delivery.provider === 'fungies')
    return {
      ...base,
      'user-agent': 'Fungies-Webhooks',
      'x-fngs-signature': fungiesSignature(delivery.secret ?? fungies.secret, delivery.body),
    };
  return { ...base, 'user-agent': 'Conekta', digest: conektaDigest(conekta.privateKey, delivery.body) };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

export function createDispatcher(input: {
  deliveries: Deliveries;
  credentials: Credentials;
  targets: Targets;
  retryScale: number;
}): Dispatcher {
  const { deliveries, credentials, targets, retryScale } = input;
  const due: Delivery[] = [];
  const timers = new Map<string, NodeJS.Timeout>();
  const sending = new Set<Promise<void>>();
  const stopping = new AbortController();

  async function attempt(delivery: Delivery, scheduled: boolean): Promise<void> {
    const startedAt = Date.now();
    let status: number | null = null;
    let error: string | null = null;
    let answer: string | null = null;
    try {
      const response = await fetch(delivery.url, {
        method: 'POST',
        headers: signedHeaders(delivery, credentials),
        body: delivery.body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), stopping.signal]),
      });
      status = response.status;
      answer = (await response.text()).slice(0, ANSWER_KEPT);
    } catch (caught) {
      error = reasonOf(caught);
    }
    // Interrupted by our own shutdown: still pending, tried again at the next start.
    if (stopping.signal.aborted && status === null) return;
    const at = new Date(startedAt).toISOString();
    delivery.attempts.push({ at, status, error, duration_ms: Date.now() - startedAt, answer });
    settle(delivery, status !== null && status >= 200 && status < 300, scheduled);
  }

  function settle(delivery: Delivery, succeeded: boolean, scheduled: boolean): void {
    if (succeeded) {
      Object.assign(delivery, { status: 'delivered', next_attempt_at: null });
      clearTimeout(timers.get(delivery.id));
    } else if (scheduled) {
      const failures = delivery.attempts.length;
      const chance = nextRandom((delivery.jitter ?? 0) + failures).value;
      const wait = retryDelayMs(delivery.provider, failures, retryScale, chance);
      Object.assign(
        delivery,
        wait === null
          ? { status: 'failed', next_attempt_at: null }
          : { status: 'pending', next_attempt_at: Date.now() + wait },
      );
      if (wait !== null) schedule(delivery);
    }
    deliveries.save(delivery);
    if (delivery.status === 'failed' && scheduled) giveUpOn(delivery);
  }

  /** Some providers stop sending to an endpoint that fails for long; what still waits for it is skipped. */
  function giveUpOn({ provider, url }: Delivery): void {
    if (!isGivenUp(provider, deliveries.finishedAt(provider, url))) return;
    targets.disable(provider, url);
    for (const waiting of deliveries.pending().filter((each) => each.provider === provider && each.url === url)) {
      clearTimeout(timers.get(waiting.id));
      deliveries.save(Object.assign(waiting, { status: 'skipped', next_attempt_at: null }));
    }
  }

  function launch(delivery: Delivery, scheduled: boolean): void {
    const sent = attempt(delivery, scheduled).finally(() => {
      sending.delete(sent);
      pump();
    });
    sending.add(sent);
  }

  function pump(): void {
    while (!stopping.signal.aborted && sending.size < IN_FLIGHT) {
      const delivery = due.shift();
      if (!delivery) return;
      if (delivery.status === 'pending') launch(delivery, true);
    }
  }

  function schedule(delivery: Delivery): void {
    const wait = (delivery.next_attempt_at ?? 0) - Date.now();
    if (wait <= 0) {
      due.push(delivery);
      // After the answer that caused the event has been written, as the real ones do.
      setImmediate(pump);
      return;
    }
    const timer = setTimeout(
      () => {
        timers.delete(delivery.id);
        due.push(delivery);
        pump();
      },
      Math.min(wait, 2 ** 31 - 1),
    );
    timer.unref();
    timers.set(delivery.id, timer);
  }

  return {
    start() {
      deliveries.onQueued(schedule);
      deliveries.pending().forEach(schedule);
    },
    resend: (delivery) => launch(delivery, false),
    async stop() {
      deliveries.onQueued(() => undefined);
      stopping.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.allSettled(sending);
    },
  };
}
