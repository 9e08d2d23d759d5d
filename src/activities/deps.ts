import type { MikroORM } from '@mikro-orm/postgresql';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { ProviderHealth } from '../health/provider-health.ts';
import type { ProviderDirectory } from '../providers/port.ts';

/** What activities work with; `src/worker/main.ts` and tests put it together. */
export interface ActivityDeps {
  readonly orm: MikroORM;
  readonly providers: ProviderDirectory;
  /** The same accounts for work that nobody waits for: it leaves half of each rate budget to those who wait. */
  readonly background: ProviderDirectory;
  readonly health: ProviderHealth;
  /** null: projects cannot keep accounts of their own. */
  readonly keyRing: KeyRing | null;
  /** Waits between looks at a quiet checkout, shortest first. */
  readonly lookGapsMs: readonly number[];
  /** Calls on the answer path in flight per provider and worker; beyond it the provider counts as unavailable. */
  readonly maxCallsInFlight: number;
  /** Whether slots are shared by all providers' calls: there, nobody waits for one that answers nothing. */
  readonly sharesSlots?: boolean;
  /** Where customers open our pages, without a trailing slash; absent: nobody can be told of one. */
  readonly publicUrl?: string;
  /** How long a difference must stand before reconciliation tells of it; absent: two minutes. */
  readonly reconciliationGraceMs?: number;
}

/** A checkout, as a workflow names it. */
export interface CheckoutRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly checkoutId: string;
}

/** A subscription, as its workflow names it. */
export interface SubscriptionRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly subscriptionId: string;
}
