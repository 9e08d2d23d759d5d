import type { AccountKey } from '../domain/provider-account.ts';
import type { HttpSettings } from '../providers/port.ts';

/** How one account at a provider is doing, as all processes together have seen it. Times ISO. */
export interface HealthView {
  /** `half_open`: one trial at a time decides. */
  readonly state: 'closed' | 'open' | 'half_open';
  /** Of the window that is being counted. */
  readonly calls: number;
  readonly failures: number;
  readonly openedAt: string | null;
  /** When the next trial may go. */
  readonly trialAt: string | null;
  readonly lastFailure: string | null;
  readonly lastFailureAt: string | null;
  readonly lastSuccessAt: string | null;
  /** Calls that may be made now; null: no limit is known. */
  readonly budget: { readonly perSecond: number; readonly left: number } | null;
  /** The provider asked to wait until then. */
  readonly pausedUntil: string | null;
}

/** One breaker and one rate budget per project, mode and provider, shared by every API and worker process. */
export interface ProviderHealth {
  /** From memory, a second old at most: for routing and lists. An account nobody has called yet is `closed`. */
  viewOf(key: AccountKey): HealthView;
  /** Before a call that somebody waits for and another provider could serve: `open` means do not make it. */
  enter(key: AccountKey): Promise<'go' | 'trial' | 'open'>;
  /**
   * What an account's transport reports to and asks. A call over the budget throws `provider_rate_limited`.
   *
   * @param settings.priority `background` leaves half of the budget to those who wait.
   */
  http(key: AccountKey, settings: HttpSettings & { readonly priority: 'foreground' | 'background' }): HttpSettings;
  /** Writes what was counted, then stops. */
  close(): Promise<void>;
}
