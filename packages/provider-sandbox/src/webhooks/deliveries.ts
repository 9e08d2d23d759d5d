import { uuid } from '../core/ids.ts';
import type { Store } from '../core/store.ts';
import type { Collection } from '../core/collection.ts';
import { fieldReader } from '../core/fault-conditions.ts';
import type { Faults } from '../core/faults.ts';
import type { RandomStream } from '../core/random.ts';
import type { ProviderId } from '../core/types.ts';
import type { EventFormat, Target, Targets } from './targets.ts';

export interface Attempt {
  at: string;
  status: number | null;
  error: string | null;
  duration_ms: number;
  answer: string | null;
}

export interface Delivery {
  id: string;
  provider: ProviderId;
  event_id: string;
  event_type: string;
  url: string;
  secret: string | null;
  /** Stored once: every attempt sends these bytes. */
  body: string;
  /** `skipped`: the endpoint was disabled while it waited. */
  status: 'pending' | 'delivered' | 'failed' | 'lost' | 'skipped';
  created_at: string;
  next_attempt_at: number | null;
  attempts: Attempt[];
  fault: string | null;
  /** What its retries draw their jitter from. */
  jitter: number;
}

export interface DeliveryFilter {
  provider?: string | undefined;
  type?: string | undefined;
  status?: string | undefined;
  eventId?: string | undefined;
}

export interface Deliveries {
  /** Queues the event for every address that wants it. */
  enqueue(event: { provider: ProviderId; id: string; type: string; body: string; format?: EventFormat }): void;
  get(id: string): Delivery | undefined;
  list(filter: DeliveryFilter): Delivery[];
  /** The ones waiting, oldest first. */
  pending(): Delivery[];
  /** Those of one receiver that have come to an end, the latest first. */
  finishedAt(provider: ProviderId, url: string): Delivery[];
  save(delivery: Delivery): void;
  onQueued(wake: (delivery: Delivery) => void): void;
}

const DEFAULT_LATE_MS = 5000;
const DEFAULT_REORDER_MS = 1500;
const KEEP_FINISHED = 20_000;

function createIndexed(store: Store): Collection<Delivery> {
  return store.collection<Delivery>('sandbox/deliveries', {
    status: (delivery) => [delivery.status],
    event: (delivery) => [delivery.event_id],
    receiver: (delivery) => [`${delivery.provider} ${delivery.url}`],
  });
}

const endedAt = (delivery: Delivery): string => delivery.attempts.at(-1)?.at ?? delivery.created_at;

export function createDeliveries(input: {
  store: Store;
  targets: Targets;
  faults: Faults;
  behaviour: RandomStream;
  account: string;
}): Deliveries {
  const { store, targets, faults, behaviour, account } = input;
  const deliveries = createIndexed(store);
  let wake: (delivery: Delivery) => void = () => undefined;

  function queue(delivery: Delivery): void {
    deliveries.put(delivery);
    if (delivery.status === 'pending') wake(delivery);
  }

  function prune(): void {
    if (deliveries.size <= KEEP_FINISHED) return;
    for (const finished of deliveries.findBy('status', 'delivered').slice(0, KEEP_FINISHED / 10))
      deliveries.remove(finished.id);
  }

  function sendTo(target: Target, event: { provider: ProviderId; id: string; type: string; body: string }): void {
    const delivery: Delivery = {
      id: `del_${uuid().replaceAll('-', '')}`,
      provider: event.provider,
      event_id: event.id,
      event_type: event.type,
      url: target.url,
      secret: target.secret,
      body: event.body,
      status: 'pending',
      created_at: new Date().toISOString(),
      next_attempt_at: Date.now(),
      attempts: [],
      fault: null,
      jitter: behaviour.bytes(4).readInt32BE(),
    };
    let copies = 1;
    const subject = { account, path: target.url, field: fieldReader('application/json', event.body) };
    for (const fault of faults.drawWebhook(event.provider, event.type, subject)) {
      delivery.fault = fault.kind;
      if (fault.kind === 'webhook_lost') Object.assign(delivery, { status: 'lost', next_attempt_at: null });
      if (fault.kind === 'webhook_duplicate') copies += 1;
      if (fault.kind === 'webhook_late') delivery.next_attempt_at = Date.now() + (fault.latency_ms ?? DEFAULT_LATE_MS);
      if (fault.kind === 'webhook_reordered')
        delivery.next_attempt_at = Date.now() + (fault.latency_ms ?? DEFAULT_REORDER_MS);
    }
    queue(delivery);
    for (let copy = 1; copy < copies; copy += 1) queue({ ...delivery, id: `${delivery.id}_${copy}`, attempts: [] });
  }

  return {
    enqueue(event) {
      for (const target of targets.of(event.provider, event.type, event.format)) sendTo(target, event);
      prune();
    },
    get: (id) => deliveries.get(id),
    list: ({ provider, type, status, eventId }) =>
      deliveries
        .all()
        .filter((delivery) => provider === undefined || delivery.provider === provider)
        .filter((delivery) => type === undefined || delivery.event_type === type)
        .filter((delivery) => status === undefined || delivery.status === status)
        .filter((delivery) => eventId === undefined || delivery.event_id === eventId),
    pending: () => deliveries.findBy('status', 'pending'),
    finishedAt: (provider, url) =>
      deliveries
        .findBy('receiver', `${provider} ${url}`)
        .filter(({ status }) => status === 'delivered' || status === 'failed')
        .sort((left, right) => endedAt(right).localeCompare(endedAt(left))),
    save: (delivery) => void deliveries.put(delivery),
    onQueued: (listener) => {
      wake = listener;
    },
  };
}
