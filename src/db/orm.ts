import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import {
  BenefitEntity,
  BenefitGrantEntity,
  EntitlementEntity,
  LicenseActivationEntity,
  LicenseKeyEntity,
  PlanBenefitEntity,
  ProviderBenefitEntity,
} from './entities/benefit.ts';
import { CheckoutEntity } from './entities/checkout.ts';
import { OrganizationEntity, ProviderCustomerEntity, ProviderObjectEntity } from './entities/organization.ts';
import { CustomerDataJobEntity, CustomerDataSectionEntity } from './entities/customer-data.ts';
import { OutboundDeliveryEntity, OutboundEndpointEntity, OutboundEventEntity } from './entities/outbound.ts';
import { DisputeEntity, InvoiceEntity, OrderEntity, PaymentEntity, RefundEntity } from './entities/payment.ts';
import { PaymentMethodEntity } from './entities/payment-method.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity } from './entities/plan.ts';
import { PortalLinkEntity } from './entities/portal-link.ts';
import { ApiKeyEntity, ProjectEntity, ProviderAccountEntity, SessionEntity } from './entities/project.ts';
import { AuditEntryEntity, IdempotencyRecordEntity, ProviderEventEntity } from './entities/records.ts';
import { ProviderHealthEntity } from './entities/provider-health.ts';
import {
  ReconciliationDifferenceEntity,
  ReconciliationLookEntity,
  ReconciliationRunEntity,
  ReviewItemEntity,
} from './entities/reconciliation.ts';
import {
  BlockedCountryEntity,
  FallbackEntity,
  RoutingDecisionEntity,
  RoutingPolicyEntity,
  StraySessionEntity,
} from './entities/routing.ts';
import { SubscriptionChangeEntity, SubscriptionEntity } from './entities/subscription.ts';
import {
  ChargeRightEntity,
  MigrationArchiveEntity,
  MigrationEntity,
  MigrationItemEntity,
  MigrationProofEntity,
} from './entities/migration.ts';
import { RolloutAssignmentEntity, RolloutEntity, RolloutLookEntity } from './entities/rollout.ts';
import { MeterEntity, ProviderMeterEntity, UsageReportEntity, UsageReportItemEntity } from './entities/usage.ts';

export const entities = [
  RolloutEntity,
  RolloutAssignmentEntity,
  RolloutLookEntity,
  MigrationEntity,
  MigrationItemEntity,
  MigrationArchiveEntity,
  MigrationProofEntity,
  ChargeRightEntity,
  MeterEntity,
  ProviderMeterEntity,
  UsageReportEntity,
  UsageReportItemEntity,
  ProjectEntity,
  ApiKeyEntity,
  SessionEntity,
  ProviderAccountEntity,
  OrganizationEntity,
  ProviderCustomerEntity,
  ProviderObjectEntity,
  PlanEntity,
  PriceEntity,
  ProviderPriceEntity,
  CheckoutEntity,
  RoutingPolicyEntity,
  BlockedCountryEntity,
  ProviderHealthEntity,
  RoutingDecisionEntity,
  FallbackEntity,
  StraySessionEntity,
  ReviewItemEntity,
  ReconciliationRunEntity,
  ReconciliationDifferenceEntity,
  ReconciliationLookEntity,
  PaymentEntity,
  RefundEntity,
  DisputeEntity,
  InvoiceEntity,
  OrderEntity,
  PaymentMethodEntity,
  SubscriptionEntity,
  SubscriptionChangeEntity,
  BenefitEntity,
  PlanBenefitEntity,
  ProviderBenefitEntity,
  BenefitGrantEntity,
  LicenseKeyEntity,
  LicenseActivationEntity,
  EntitlementEntity,
  OutboundEndpointEntity,
  OutboundEventEntity,
  OutboundDeliveryEntity,
  CustomerDataJobEntity,
  CustomerDataSectionEntity,
  PortalLinkEntity,
  ProviderEventEntity,
  IdempotencyRecordEntity,
  AuditEntryEntity,
];

export type Db = EntityManager;

/** A connection pool with the entity mapping; `close()` it. Every request and activity works on its own `orm.em.fork()`. */
export async function openOrm(databaseUrl: string, options: { readonly poolSize?: number } = {}): Promise<MikroORM> {
  return MikroORM.init({
    clientUrl: databaseUrl,
    entities,
    pool: { min: 0, max: options.poolSize ?? 20 },
    forceUtcTimezone: true,
    discovery: { checkDuplicateTableNames: false },
  });
}
