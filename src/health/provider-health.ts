import type { BreakerState } from '../domain/health/breaker.ts';
import type { Priority, RateLimit } from '../domain/health/budget.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { HttpSettings } from '../providers/port.ts';

/** How one account at a provider is doing, as all processes together have seen it. Times ISO. */
export interface HealthView {
  /** `half_open`: one trial at a time decides. */
  readonly state: BreakerState;
  /** Of the last ten seconds. */
  readonly calls: number;
  readonly failures: number;
  readonly openedAt: string | null;
  readonly closedAt: string | null;
  /** When the next trial may go; null while open: an operator holds it. */
  readonly trialAt: string | null;
  /** Why an operator opened it. */
  readonly held: string | null;
  /** `timeout`, `lost`, `not_sent`, `http_503`. */
  readonly lastFailure: string | null;
  readonly lastFailureAt: string | null;
  readonly lastSuccessAt: string | null;
  /** Since when the provider refuses the account's credentials. */
  readonly rejectedAt: string | null;
  /** Calls that may be made now; null: no limit is known. */
  readonly budget: (RateLimit & { readonly left: number }) | null;
  /** The provider asked to wait until then. */
  readonly pausedUntil: string | null;
}

export interface TransportSettings extends HttpSettings {
  readonly priority: Priority;
  /** What the provider lets the account do; null: not known, or a stand-in without one. */
  readonly rateLimit: RateLimit | null;
}

/** What an operator wants of a breaker, and why. */
export interface BreakerMove {
  readonly state: 'open' | 'closed';
  readonly reason: string;
  readonly actor: string;
}

/** One breaker and one rate budget per project, mode and provider, shared by every API and worker process. */
export interface ProviderHealth {
  /** From memory, a second old at most: for routing and lists. An account nobody has called yet is `closed`. */
  viewOf(key: AccountKey): HealthView;
  /** Every account that has been called since there are records. */
  views(): readonly { readonly key: AccountKey; readonly view: HealthView }[];
  /**
   * Before a call that somebody waits for and another provider could serve: `open` means do not make it. Whoever got
   * `trial` calls `leave` when its work is over, however it ended. Asks the database only for a due trial.
   */
  enter(key: AccountKey): Promise<'go' | 'trial' | 'open'>;
  /** Ends this process's trial, if it has one: what its calls came to is the verdict. */
  leave(key: AccountKey): void;
  /**
   * What an account's transport reports to and asks. A call over the budget throws `provider_rate_limited`.
   *
   * @param settings.priority `background` leaves half of the budget to those who wait.
   */
  http(key: AccountKey, settings: TransportSettings): HttpSettings;
  /** An operator holds it open, without trials, or closes it. Audited. */
  move(key: AccountKey, move: BreakerMove): Promise<HealthView>;
  /** Writes what was counted and reads what others have, now. */
  sync(): Promise<void>;
  /** Writes what was counted, then stops. */
  close(): Promise<void>;
}
