import type { z } from 'zod';
import type { BillingInterval, CheckoutMode } from '../domain/catalogue.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import type { RateLimit } from '../domain/health/budget.ts';
import type { Money } from '../domain/money.ts';
import type { BillingError } from '../domain/errors.ts';
import type { ProviderAbilities } from '../domain/routing/abilities.ts';
import type { ErrorMap, MappedReaction } from '../domain/routing/reaction.ts';
import type {
  BenefitOperations,
  CatalogOperations,
  DiscountOperations,
  LicenseKeyOperations,
  UsageOperations,
} from './port-catalog.ts';
import type {
  DisputeOperations,
  InvoiceOperations,
  PaymentMethodOperations,
  PaymentOperations,
  PortalOperations,
  RefundOperations,
} from './port-money.ts';
import type {
  AccountArchiveOperations,
  AccountCheck,
  ChangeOperations,
  CustomerDataOperations,
  WebhookEndpointOperations,
} from './port-records.ts';
import type { SubscriptionOperations } from './port-subscriptions.ts';

/** Who pays, as the provider must know them. `organizationId` is our id and the provider's external id. */
export interface CustomerInput {
  readonly organizationId: string;
  /** The provider's id, when an earlier call recorded one. */
  readonly providerCustomerId: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  readonly address: PostalAddress | null;
}

export interface PostalAddress {
  readonly line1: string | null;
  readonly line2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly postalCode: string | null;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

export interface ProviderCustomer {
  readonly providerCustomerId: string;
  readonly organizationId: string | null;
  readonly email: string | null;
}

/** Keys come from business identity; the same key never does the work twice where the provider can tell. */
export interface CallKey {
  readonly idempotencyKey: string;
}

export interface PageQuery {
  /** Opaque; null: the first page. */
  readonly cursor: string | null;
  /** At most; the provider may give fewer. */
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** null at the end. */
  readonly nextCursor: string | null;
}

export interface CreateCheckoutInput extends CallKey {
  readonly checkoutId: string;
  readonly mode: CheckoutMode;
  readonly line: CheckoutLine | null; // null only for mode "setup"
  readonly customer: CustomerInput;
  /** Fitting methods in our vocabulary (card, oxxo, spei …); null: all the provider offers. */
  readonly paymentMethods: readonly string[] | null;
  readonly successUrl: string;
  readonly cancelUrl: string;
  /** When a voucher or transfer must have been paid, ISO; null: the provider's default of ours (3 days, SPEI 1 hour). */
  readonly voucherExpiresAt: string | null;
  readonly discountCode: string | null;
  readonly trialDays: number | null;
  readonly locale: string | null;
  readonly embedOrigin: string | null;
  /** Ours and the app's; always has `checkout_id`, `organization_id`, `project_id`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface CheckoutLine {
  readonly name: string;
  readonly description: string | null;
  readonly unitAmount: Money;
  readonly quantity: number;
  readonly billingInterval: BillingInterval | null;
  readonly digital: boolean;
  /** What `catalog.ensurePrice` recorded for this price; null where it was never pushed. */
  readonly providerPrice: ProviderPrice | null;
}

export interface ProviderPrice {
  readonly providerProductId: string;
  /** null where the provider has no separate price object. */
  readonly providerPriceId: string | null;
}

/**
 * A hosted session charges nobody until somebody has its URL, so an unclear answer is safe to leave behind:
 * `unknown` means the session may exist; the caller moves on and looks for the orphan later.
 */
export type CreateCheckoutResult =
  | {
      readonly outcome: 'opened';
      readonly providerCheckoutId: string;
      readonly url: string;
      readonly expiresAt: string;
      readonly providerCustomerId: string | null;
      /** What the page will offer, in our vocabulary. */
      readonly paymentMethods: readonly string[];
      /** What the provider will charge (merchant-of-record tax comes on top later). */
      readonly amount: Money | null;
      /** Other provider ids that later facts may name instead of the checkout. */
      readonly objects: readonly ProviderObjectRef[];
    }
  | UnknownOutcome;

/** The answer was lost or unreadable: the work may have been done. */
export interface UnknownOutcome {
  readonly outcome: 'unknown';
  readonly reason: 'timeout' | 'api_error';
  readonly providerCode: string | null;
}

export interface ProviderObjectRef {
  readonly kind: string;
  readonly id: string;
}

/** The kind of a reference that is no provider's but our own subscription's id, out of an object's metadata. */
export const ourSubscription = 'our_subscription';

/** The kind of a webhook's object that is a notice of refused usage events; `usage.refusals` reads it. */
export const refusedUsage = 'refused_usage';

/**
 * What one account at a provider can do, in groups. An ability that the provider lacks is an absent group or operation:
 * the compiler makes callers ask, and `operationsOf` lists what is there. All times ISO 8601 UTC, all money in minor
 * units. `get` and `find` answer null for what does not exist; everything else returns data or throws `BillingError`.
 */
export interface ProviderClient {
  readonly account: {
    /** Whether the credentials open an account, and whose. @throws {BillingError} `provider_credentials_rejected`. */
    check(): Promise<AccountCheck>;
  };
  readonly customers: {
    create(input: CustomerInput & CallKey): Promise<ProviderCustomer>;
    get(providerCustomerId: string): Promise<ProviderCustomer | null>;
    update(providerCustomerId: string, input: CustomerInput & CallKey): Promise<ProviderCustomer>;
    remove(providerCustomerId: string): Promise<void>;
    /** By our organization id. */
    find(organizationId: string): Promise<ProviderCustomer | null>;
  };
  readonly checkouts: {
    /** @throws {BillingError} when the provider surely did not open it (`invalid`, `rate_limited`, `unavailable`). */
    create(input: CreateCheckoutInput): Promise<CreateCheckoutResult>;
    /** Everything a decision needs, in one answer: session, payment, voucher, subscription, invoice. */
    get(providerCheckoutId: string): Promise<CheckoutTruth | null>;
    /** Sessions of ours at the provider that carry `checkoutId`, for orphans of unclear answers. */
    find?(query: {
      readonly checkoutId: string;
      readonly organizationId: string;
      readonly createdAfter: string;
    }): Promise<readonly { readonly providerCheckoutId: string }[]>;
    /** Makes the session unpayable. `not_endable` leaves it as it was; what happened instead is told by `get`. */
    end?(
      input: { readonly providerCheckoutId: string } & CallKey,
    ): Promise<'ended' | 'already_settled' | 'not_endable'>;
  };
  readonly subscriptions?: SubscriptionOperations;
  readonly paymentMethods?: PaymentMethodOperations;
  /** Charges without a hosted page. */
  readonly payments?: PaymentOperations;
  readonly invoices?: InvoiceOperations;
  readonly refunds?: RefundOperations;
  readonly disputes?: DisputeOperations;
  readonly portal?: PortalOperations;
  readonly catalog?: CatalogOperations;
  readonly discounts?: DiscountOperations;
  readonly benefits?: BenefitOperations;
  readonly licenseKeys?: LicenseKeyOperations;
  readonly usage?: UsageOperations;
  readonly changes?: ChangeOperations;
  readonly customerData: CustomerDataOperations;
  readonly archive?: AccountArchiveOperations;
  readonly webhookEndpoints?: WebhookEndpointOperations;
}

/** A provider's verified message, reduced to what finds the right workflow. The truth is always read afterwards. */
export interface WebhookFact {
  readonly eventId: string;
  readonly type: string;
  /** null: the message does not say (its endpoint's account does). */
  readonly live: boolean | null;
  /** The object the event is about, in the provider's vocabulary (`checkout`, `order` …); a dispute is a `dispute` at all. */
  readonly objectKind: string;
  readonly objectId: string;
  /** Our checkout id where the object carries our metadata. */
  readonly checkoutId: string | null;
  /** Further provider ids in the message that may be known to us, most specific first. */
  readonly related: readonly ProviderObjectRef[];
  /** Whether a workflow must hear of it; the rest is only noted. */
  readonly isDecisive: boolean;
}

export interface WebhookInput {
  readonly rawBody: Buffer;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface ProviderWebhook {
  /** Whether any of the live secrets signed these bytes within the replay window. Never throws. */
  verify(input: WebhookInput & { readonly secrets: readonly string[]; readonly nowMs: number }): boolean;
  /** @throws {BillingError} `webhook_malformed` (invalid). Only called on verified bytes. */
  parse(input: WebhookInput): WebhookFact;
}

/** One account at a provider: what a project's credentials give. */
export interface ProviderAccount {
  readonly live: boolean;
  readonly webhookSecrets: readonly string[];
  readonly client: ProviderClient;
}

export interface HttpSettings {
  /** For one call. Checkout opening and truth reads stay well under Temporal's 10 s workflow task. */
  readonly timeoutMs: number;
  /** Told of each call's time, so that overhead can be measured apart from the provider. */
  readonly onCall?: (call: {
    readonly operation: string;
    readonly durationMs: number;
    readonly outcome: string;
  }) => void;
  /** Asked before anything is sent. @throws {BillingError} where the call must not go now. */
  readonly admit?: () => Promise<void>;
  /** Told how each call that was admitted ended. */
  readonly observe?: (call: HttpCall) => void;
}

/** How one call ended on the wire. */
export interface HttpCall {
  readonly durationMs: number;
  /** null: no answer. */
  readonly status: number | null;
  /** Why there is no answer; `not_sent`: the provider surely saw nothing. */
  readonly fault: 'not_sent' | 'timeout' | 'lost' | null;
  /** The header, as it came. */
  readonly retryAfter: string | null;
}

/** What every provider's parsed configuration tells of the account. */
export interface AccountConfig {
  readonly live: boolean;
  readonly baseUrl: string;
}

/** How many calls a provider takes from one account. */
export interface RateLimits {
  /** null: none is known; a 429 is honoured all the same. */
  readonly live: RateLimit | null;
  readonly test: RateLimit | null;
  /** The provider's own addresses: a stand-in elsewhere has no limit to keep to. */
  readonly hosts: readonly string[];
  /** Where the figures come from, and when. */
  readonly source: string;
}

/** One credential or setting of an account. */
export interface CredentialField {
  /** One line: what it is and where the provider shows it. */
  readonly description: string;
  /** Never shown again once stored, nor logged. */
  readonly isSecret: boolean;
  readonly isRequired: boolean;
  /** A made-up value of the right form. */
  readonly example: string;
  /** The key that keeps the value before a rotation, where two are valid at a time. */
  readonly previousKey?: string;
}

/** What is wrong with one credential; never its value. */
export interface CredentialFault {
  readonly key: string;
  readonly detail: string;
}

export interface ProviderModule<Schema extends z.ZodType<AccountConfig> = z.ZodType<AccountConfig>> {
  readonly id: string;
  readonly name: string;
  /** What to set, by environment key, in the order a person fills it in; a project's own record has the same keys. */
  readonly credentials: Readonly<Record<string, CredentialField>>;
  /** Parses the environment (or a stored record of the same keys). Unset account: every key absent. */
  readonly configSchema: Schema;
  /** Whether any of the provider's keys is set; an unset provider is simply not configured. */
  isConfigured(env: Readonly<Record<string, string | undefined>>): boolean;
  /** Whether these credentials move real money, told by their form alone where it tells: a smoke test refuses them. */
  isLive(env: Readonly<Record<string, string | undefined>>): boolean;
  readonly abilities: ProviderAbilities;
  /** What is done about each of its errors: `error-map.json`. */
  readonly errorMap: ErrorMap;
  readonly rateLimits: RateLimits;
  readonly webhook: ProviderWebhook;
  createAccount(config: z.output<Schema>, http: HttpSettings): ProviderAccount;
}

/** Keeps a provider's own types while checking it against the port. */
export function defineProvider<Schema extends z.ZodType<AccountConfig>>(
  module: ProviderModule<Schema>,
): ProviderModule<Schema> {
  return module;
}

/** Which providers there are, and the account a project has at each. Everything outside `src/providers` asks this. */
export interface ProviderDirectory {
  ids(): readonly string[];
  abilities(id: string): ProviderAbilities | null;
  webhook(id: string): ProviderWebhook | null;
  /** null: not configured for that project and mode. */
  account(projectId: string, live: boolean, id: string): Promise<ProviderAccount | null>;
  /** Both modes, for webhooks: the account whose secret signed tells the mode. */
  accounts(projectId: string, id: string): Promise<readonly ProviderAccount[]>;
  /** The providers at which the project has an account in that mode. */
  configured(projectId: string, live: boolean): Promise<ReadonlySet<string>>;
  /** What an account there is made of. */
  credentials(id: string): Readonly<Record<string, CredentialField>>;
  /** Whether these would make an account, and of which mode; calls nobody. */
  validate(
    id: string,
    credentials: Readonly<Record<string, string>>,
  ): { readonly live: boolean } | { readonly faults: readonly CredentialFault[] };
  /** What the provider can do, as `group.operation`. */
  operations(id: string): readonly string[];
  /** What is done about an error of its adapter, or an unknown outcome, by the provider's error map. */
  reactionTo(id: string, failure: BillingError | UnknownOutcome): MappedReaction;
  /** Reads the project's accounts anew, for who has just changed them. */
  reload(projectId: string): Promise<void>;
}
