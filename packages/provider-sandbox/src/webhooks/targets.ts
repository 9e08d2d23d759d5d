import type { Store } from '../core/store.ts';
import type { ProviderId } from '../core/types.ts';

/** One address that receives a provider's events: the configured one, or one registered through the provider's API. */
export interface Target {
  url: string;
  /** Null takes every event type. */
  events: readonly string[] | null;
  /** Null signs with the provider's current secret. */
  secret: string | null;
  /** Asked for events without their objects; the rest get them whole. */
  format?: 'thin';
}

/** `thin` reaches the configured address too, `thin_registered` only endpoints that asked for it. */
export type EventFormat = 'whole' | 'thin' | 'thin_registered';

export type WebhookTargets = Record<ProviderId, string | null>;

export interface Targets {
  configured(): WebhookTargets;
  configure(urls: Partial<Record<ProviderId, string | null>>): void;
  /** Providers say which endpoints their own API registered. */
  addSource(provider: ProviderId, registered: () => Target[]): void;
  of(provider: ProviderId, eventType: string, format?: EventFormat): Target[];
}

export function createTargets(store: Store): Targets {
  const stored = store.collection<{ id: string; urls: WebhookTargets }>('sandbox/targets');
  const row = stored.get('targets') ?? {
    id: 'targets',
    urls: { polar: null, conekta: null, stripe: null, fungies: null },
  };
  const sources = new Map<ProviderId, () => Target[]>();
  return {
    configured: () => ({ ...row.urls }),
    configure(urls) {
      Object.assign(row.urls, urls);
      stored.put(row);
    },
    addSource: (provider, registered) => void sources.set(provider, registered),
    of(provider, eventType, format = 'whole') {
      const url = row.urls[provider];
      const registered = (sources.get(provider)?.() ?? []).filter(
        (target) =>
          (target.format === 'thin') === (format !== 'whole') &&
          (target.events === null || target.events.includes(eventType) || target.events.includes('*')),
      );
      const fixed: Target[] = url === null || format === 'thin_registered' ? [] : [{ url, events: null, secret: null }];
      // The same address registered twice is one receiver: real accounts would send twice, to nobody's benefit here.
      return [...fixed, ...registered.filter((target) => target.url !== url)];
    },
  };
}
