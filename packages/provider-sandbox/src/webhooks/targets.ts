import type { Store } from '../core/store.ts';
import { type ProviderId, isProviderId } from '../core/types.ts';

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
  /** Also takes the addresses given back into use, had they been disabled. */
  configure(urls: Partial<Record<ProviderId, string | null>>): void;
  /**
   * Providers say which endpoints their own API registered, and how one of them is disabled there (its object then says
   * so, and `registered` no longer lists it). Without `disable` the address is only left out of deliveries.
   */
  addSource(provider: ProviderId, registered: () => Target[], disable?: (url: string) => void): void;
  of(provider: ProviderId, eventType: string, format?: EventFormat): Target[];
  /** Sends nothing more there: the provider has given the endpoint up. */
  disable(provider: ProviderId, url: string): void;
  /** Addresses given up that nobody took back into use. */
  disabled(provider: ProviderId): string[];
}

interface TargetsRow {
  id: string;
  urls: WebhookTargets;
  disabled?: Partial<Record<ProviderId, string[]>>;
}

interface Source {
  registered: () => Target[];
  disable: ((url: string) => void) | undefined;
}

export function createTargets(store: Store): Targets {
  const stored = store.collection<TargetsRow>('sandbox/targets');
  const known = stored.get('targets');
  // A state of before a provider was added names no address for it.
  const row: TargetsRow = {
    id: 'targets',
    ...known,
    urls: { polar: null, conekta: null, stripe: null, fungies: null, ...known?.urls },
  };
  const sources = new Map<ProviderId, Source>();
  const disabled = (provider: ProviderId): string[] => row.disabled?.[provider] ?? [];
  const keepDisabled = (provider: ProviderId, urls: string[]): void => {
    row.disabled = { ...row.disabled, [provider]: urls };
  };
  return {
    configured: () => ({ ...row.urls }),
    configure(urls) {
      Object.assign(row.urls, urls);
      for (const [provider, url] of Object.entries(urls))
        if (isProviderId(provider)) {
          keepDisabled(
            provider,
            disabled(provider).filter((each) => each !== url),
          );
        }
      stored.put(row);
    },
    addSource: (provider, registered, disable) => void sources.set(provider, { registered, disable }),
    of(provider, eventType, format = 'whole') {
      const url = row.urls[provider];
      const registered = (sources.get(provider)?.registered() ?? []).filter(
        (target) =>
          (target.format === 'thin') === (format !== 'whole') &&
          (target.events === null || target.events.includes(eventType) || target.events.includes('*')),
      );
      const fixed: Target[] = url === null || format === 'thin_registered' ? [] : [{ url, events: null, secret: null }];
      // The same address registered twice is one receiver: real accounts would send twice, to nobody's benefit here.
      const all = [...fixed, ...registered.filter((target) => target.url !== url)];
      return all.filter((target) => !disabled(provider).includes(target.url));
    },
    disable(provider, url) {
      const source = sources.get(provider);
      const isRegistered = source?.registered().some((target) => target.url === url) ?? false;
      if (isRegistered) source?.disable?.(url);
      if (row.urls[provider] !== url && source?.disable) return;
      keepDisabled(provider, [...disabled(provider).filter((each) => each !== url), url]);
      stored.put(row);
    },
    disabled: (provider) => [...disabled(provider)],
  };
}
