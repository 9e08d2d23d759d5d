import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { CheckoutEntity, FallbackEntity, RoutingDecisionEntity } from './entities/checkout.ts';
import { OrganizationEntity, ProviderCustomerEntity, ProviderObjectEntity } from './entities/organization.ts';
import { DisputeEntity, InvoiceEntity, PaymentEntity, RefundEntity, SubscriptionEntity } from './entities/payment.ts';
import { PlanEntity, PriceEntity, ProviderPriceEntity } from './entities/plan.ts';
import { ApiKeyEntity, ProjectEntity, ProviderAccountEntity, SessionEntity } from './entities/project.ts';
import { AuditEntryEntity, IdempotencyRecordEntity, ProviderEventEntity } from './entities/records.ts';

export const entities = [
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
  RoutingDecisionEntity,
  FallbackEntity,
  PaymentEntity,
  RefundEntity,
  DisputeEntity,
  InvoiceEntity,
  SubscriptionEntity,
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
