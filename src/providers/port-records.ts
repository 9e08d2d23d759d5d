import type { ChargeTruth } from '../domain/payment/truth.ts';
import type { CallKey, Page, PageQuery, ProviderObjectRef } from './port.ts';

/** Something changed; what it is now is read through the object's own group. */
export interface ChangeFact {
  /** What it is in our words. */
  readonly about: 'checkout' | 'subscription' | 'charge' | 'invoice' | 'refund' | 'dispute';
  /** The charge behind it, as `charge` takes it; null: none, or only its session, invoice or subscription tells. */
  readonly charge: string | null;
  readonly objectKind: string;
  readonly objectId: string;
  /** Our checkout id where the object carries our metadata. */
  readonly checkoutId: string | null;
  readonly related: readonly ProviderObjectRef[];
  readonly changedAt: string;
}

export interface ChangeOperations {
  /** How far back the provider can tell. */
  readonly horizonMs: number;
  /**
   * Everything that bears money or a subscription's state and changed in `[since, until)`, in any order, each object
   * at least once. Page to the end with `cursor`.
   */
  list(query: { readonly since: string; readonly until: string } & PageQuery): Promise<Page<ChangeFact>>;
  /**
   * One charge with all that tells whose it is: by the id that payments have in our rows, or as `list` called it. null:
   * there is no such charge, or nobody has tried to pay yet.
   */
  charge(id: string): Promise<ChargeTruth | null>;
}

export interface CustomerDataRef {
  readonly providerCustomerId: string;
  readonly organizationId: string;
}

export interface CustomerDataOperations {
  /** All that the provider tells of one customer, by section, as it gave it. null: it knows nobody like that. */
  export(ref: CustomerDataRef): Promise<Readonly<Record<string, readonly unknown[]>> | null>;
  /** Deletes or anonymises. Live subscriptions end with it. Harmless when already done. */
  erase(ref: CustomerDataRef & CallKey): Promise<ErasureResult>;
}

/** Reads an account out whole, for whoever leaves the provider. */
export interface AccountArchiveOperations {
  /** What there is to read, in the order in which it makes sense: users, subscriptions, payments … */
  sections(): readonly string[];
  /**
   * Everything of one section, archived objects too, as the provider gave it. Page to the end with `cursor`; what moves
   * between two pages may come twice, by the same id.
   */
  list(
    query: { readonly section: string } & PageQuery,
  ): Promise<Page<{ readonly id: string; readonly record: unknown }>>;
}

export interface ErasureResult {
  readonly outcome: 'erased' | 'anonymized' | 'archived' | 'not_found';
  /** What the provider keeps and why, in words for the customer's answer. */
  readonly retained: readonly string[];
}

export interface WebhookEndpoint {
  readonly providerEndpointId: string;
  readonly url: string;
  readonly isActive: boolean;
}

/** Where the provider sends its events, for accounts that set themselves up. */
export interface WebhookEndpointOperations {
  list(): Promise<readonly WebhookEndpoint[]>;
  /** Subscribes to what we understand. `credentials`: what to keep, by environment key (the new secret or public key). */
  create(
    input: { readonly url: string } & CallKey,
  ): Promise<{ readonly endpoint: WebhookEndpoint; readonly credentials: Readonly<Record<string, string>> }>;
  remove(providerEndpointId: string): Promise<void>;
}

/** Whose account the credentials open, for a person who has just typed them in. */
export interface AccountCheck {
  readonly providerAccountId: string | null;
  readonly name: string | null;
}
