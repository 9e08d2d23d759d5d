import type { BillingInterval } from '../domain/catalogue.ts';
import type { Money } from '../domain/money.ts';
import type { CallKey, Page, PageQuery, ProviderPrice } from './port.ts';

export interface CatalogPriceInput extends CallKey {
  readonly planId: string;
  readonly planKey: string;
  readonly name: string;
  readonly description: string | null;
  readonly digital: boolean;
  readonly priceId: string;
  readonly unitAmount: Money;
  readonly billingInterval: BillingInterval | null;
  readonly trialDays: number | null;
}

/** A product with one price, as the provider has it: what a push compares with ours. */
export interface CatalogItem extends ProviderPrice {
  /** Ours, where the provider carries it. */
  readonly priceId: string | null;
  readonly name: string;
  readonly description: string | null;
  readonly unitAmount: Money;
  readonly billingInterval: BillingInterval | null;
  readonly isActive: boolean;
}

export interface CatalogOperations {
  /** Creates or finds the provider's objects for one of our prices; null where the provider cannot sell it or needs none. */
  ensurePrice(input: CatalogPriceInput): Promise<ProviderPrice | null>;
  get(price: ProviderPrice): Promise<CatalogItem | null>;
  /** Everything sold there, ours or not. */
  list(query: PageQuery): Promise<Page<CatalogItem>>;
  /** Name, description, and whether it is sold. A price's amount never changes: that is a new price. */
  update?(
    price: ProviderPrice,
    input: { readonly name: string; readonly description: string | null; readonly isActive: boolean } & CallKey,
  ): Promise<CatalogItem>;
}

export interface DiscountInput extends CallKey {
  /** What the buyer types. */
  readonly code: string;
  readonly name: string;
  readonly off: { readonly basisPoints: number } | { readonly amount: Money };
  readonly duration: 'once' | 'forever' | { readonly months: number };
  readonly maxRedemptions: number | null;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  /** Only these; null: everything. */
  readonly providerProductIds: readonly string[] | null;
}

export interface DiscountTruth {
  readonly providerDiscountId: string;
  readonly code: string | null;
  readonly name: string;
  readonly off: { readonly basisPoints: number } | { readonly amount: Money };
  readonly duration: 'once' | 'forever' | { readonly months: number };
  readonly maxRedemptions: number | null;
  readonly redemptions: number;
  readonly isActive: boolean;
}

export interface DiscountOperations {
  /** Finds it by code first. @throws {BillingError} `discount_code_taken` (conflict): the code means something else there. */
  ensure(input: DiscountInput): Promise<DiscountTruth>;
  find(code: string): Promise<DiscountTruth | null>;
  list(query: PageQuery): Promise<Page<DiscountTruth>>;
  /** From now on nobody can redeem it; who has keeps it. */
  archive(input: { readonly providerDiscountId: string } & CallKey): Promise<void>;
}

/** What a product brings beside itself. Properties are the type's own (guild and role, repository, files …). */
export interface BenefitInput extends CallKey {
  /** Ours; carried in the metadata. */
  readonly benefitId: string;
  readonly type: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface BenefitTruth {
  readonly providerBenefitId: string;
  readonly benefitId: string | null;
  readonly type: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly isDeleted: boolean;
}

export interface BenefitGrantTruth {
  readonly providerGrantId: string;
  readonly providerBenefitId: string;
  readonly providerCustomerId: string;
  readonly type: string;
  readonly isGranted: boolean;
  readonly grantedAt: string | null;
  readonly revokedAt: string | null;
  /** The type's own: a license key's id, an account that was invited … */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly providerSubscriptionId: string | null;
  readonly providerInvoiceId: string | null;
  /** What stands in the way, in the provider's words (an account not linked yet …). */
  readonly problem: string | null;
}

export interface BenefitOperations {
  /** Types that can be defined there. */
  readonly types: readonly string[];
  ensure(input: BenefitInput): Promise<BenefitTruth>;
  update(input: { readonly providerBenefitId: string } & BenefitInput): Promise<BenefitTruth>;
  get(providerBenefitId: string): Promise<BenefitTruth | null>;
  list(query: PageQuery): Promise<Page<BenefitTruth>>;
  /** Deletes the definition and revokes every grant of it. */
  remove(input: { readonly providerBenefitId: string } & CallKey): Promise<void>;
  /** The product then brings exactly these. */
  setForProduct(
    input: { readonly providerProductId: string; readonly providerBenefitIds: readonly string[] } & CallKey,
  ): Promise<void>;
  grants(query: { readonly providerCustomerId: string } & PageQuery): Promise<Page<BenefitGrantTruth>>;
  /** Gives a benefit without a purchase. */
  grant(
    input: { readonly providerCustomerId: string; readonly providerBenefitId: string } & CallKey,
  ): Promise<{ readonly providerSubscriptionId: string }>;
  /** Takes back what `grant` gave. */
  revoke(input: { readonly providerCustomerId: string; readonly providerBenefitId: string } & CallKey): Promise<void>;
}

export interface LicenseKeyTruth {
  readonly providerLicenseKeyId: string;
  readonly status: 'granted' | 'revoked' | 'disabled';
  /** The key itself: a credential of the customer's. Never logged. */
  readonly key: string;
  readonly displayKey: string;
  readonly providerCustomerId: string;
  readonly activationLimit: number | null;
  readonly usage: number;
  readonly usageLimit: number | null;
  readonly validations: number;
  readonly expiresAt: string | null;
}

export interface LicenseKeyOperations {
  list(query: { readonly providerCustomerId?: string } & PageQuery): Promise<Page<LicenseKeyTruth>>;
  /** null: unknown, revoked, expired, or not this activation's. @throws {BillingError} `license_usage_exceeded` (conflict). */
  validate(input: {
    readonly key: string;
    readonly activationId: string | null;
    readonly incrementUsage: number | null;
    /** What the activation must be bound to. */
    readonly conditions?: Readonly<Record<string, string>>;
  }): Promise<LicenseKeyTruth | null>;
  /** @throws {BillingError} `license_activation_refused` (conflict): inactive, expired, or its limit is reached. */
  activate(input: {
    readonly key: string;
    readonly label: string;
    readonly conditions: Readonly<Record<string, string>>;
  }): Promise<{ readonly activationId: string; readonly licenseKey: LicenseKeyTruth }>;
  /** Harmless when it is gone already. */
  deactivate(input: { readonly key: string; readonly activationId: string }): Promise<void>;
}

export interface UsageEventInput {
  /** Ours, unique for ever within the project: the provider counts it once. */
  readonly eventId: string;
  readonly eventName: string;
  readonly organizationId: string;
  readonly providerCustomerId: string;
  /** A decimal as text, exact. */
  readonly quantity: string;
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

export interface UsageBatchResult {
  readonly accepted: number;
  readonly duplicates: number;
  /** What the provider refused at once; it may refuse more later, by webhook. */
  readonly rejected: readonly { readonly eventId: string; readonly code: string }[];
  /**
   * What was surely not sent, since the account's calls were used up in the middle: the rest of the batch is as told.
   * `retryAfterMs` null: the provider asks for no pause.
   */
  readonly unsent?: { readonly eventIds: readonly string[]; readonly retryAfterMs: number | null };
}

export interface MeterInput extends CallKey {
  readonly meterId: string;
  readonly name: string;
  readonly eventName: string;
  readonly aggregation: 'sum' | 'count' | 'max' | 'last' | 'unique';
  /** What is aggregated; `quantity` carries the event's own. */
  readonly property: string;
}

export interface MeterTruth {
  readonly providerMeterId: string;
  readonly name: string;
  readonly eventName: string | null;
  readonly isActive: boolean;
}

export interface UsageOperations {
  readonly limits: {
    readonly maxBatch: number;
    /** Older events are refused; null: none are. */
    readonly maxAgeMs: number | null;
    readonly aggregations: readonly MeterInput['aggregation'][];
    /** Which period an event is billed in: that of its `timestamp`, or that in which it arrived. */
    readonly billedBy: 'timestamp' | 'receipt';
    /** How less than was reported is said: by an event with a negative quantity, or by `cancel` and a new event. */
    readonly corrections: 'negative' | 'cancel';
    /** A repeat of an event counts once within this time of the first; null: for ever. */
    readonly remembersMs: number | null;
  };
  /**
   * Reports events; repeating the same ones counts none twice (within the provider's memory: see its README).
   *
   * @throws {BillingError} with an unknown outcome (`provider_timeout`, `provider_error`): send the same batch again.
   */
  ingest(events: readonly UsageEventInput[]): Promise<UsageBatchResult>;
  /**
   * Which events a notice is about that the provider received and refused later, by the notice's id (`refusedUsage`).
   * It may name only some of them. Absent: what is refused is refused at once.
   */
  refusals?(noticeId: string): Promise<readonly { readonly eventId: string; readonly code: string }[]>;
  /** Takes one reported event back. Absent: report a negative one instead, or it cannot be undone. */
  cancel?(input: { readonly eventId: string; readonly eventName: string } & CallKey): Promise<'canceled' | 'too_late'>;
  ensureMeter(input: MeterInput): Promise<MeterTruth>;
  listMeters(query: PageQuery): Promise<Page<MeterTruth>>;
  /** What the provider has counted for one customer in a period, a decimal as text. */
  quantity(query: {
    readonly providerMeterId: string;
    readonly providerCustomerId: string;
    readonly from: string;
    readonly to: string;
  }): Promise<string>;
}
