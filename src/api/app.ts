import express, { Router, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { createAuthenticate } from './authenticate.ts';
import { closeToForeignOrigins, createCors } from './cors.ts';
import type { ApiDeps } from './deps.ts';
import { addDriftMetrics } from './drift-metrics.ts';
import { refusal } from './error-codes.ts';
import { createErrorHandler } from './errors.ts';
import { measureFence } from './fence-metrics.ts';
import { measureProviderHealth } from './measure-provider-health.ts';
import { limitGuesses, limitPerKey } from './rate-limits.ts';
import { refuseCardData } from './refuse-card-data.ts';
import type { PortalActs } from './portal/portal-acts.ts';
import { echoRequestId } from './request-id.ts';
import { addMigrationMetrics } from './migration-metrics.ts';
import { addUsageMetrics } from './usage-metrics.ts';
import { createRequestLog } from './request-log.ts';
import { addRolloutMetrics } from './rollout-metrics.ts';
import { addRollupMetrics } from './rollup-metrics.ts';
import { createAccessRoutes } from './routes/access.ts';
import { createAliasRoutes } from './routes/aliases.ts';
import { createBlockedCountryRoutes } from './routes/blocked-countries.ts';
import { createBenefitRoutes } from './routes/benefits.ts';
import { createCheckoutRoutes } from './routes/checkouts.ts';
import { createDirectGrantRoutes } from './routes/direct-grants.ts';
import { createCustomerDataRoutes } from './routes/customer-data.ts';
import { createCustomerPortalRoutes } from './routes/customer-portal.ts';
import { createDocsRoutes } from './routes/docs.ts';
import { createDisputeRoutes } from './routes/disputes.ts';
import { createHealthRoutes } from './routes/health.ts';
import { createIngestUsageRoutes } from './routes/ingest-usage.ts';
import { createInvoicePages } from './routes/invoice-pages.ts';
import { createInvoiceRoutes } from './routes/invoices.ts';
import { createKeyRoutes } from './routes/keys.ts';
import { createLicenseKeyRoutes } from './routes/license-keys.ts';
import { createOpsBenefitRoutes } from './routes/ops-benefits.ts';
import { createMeterRoutes } from './routes/meters.ts';
import { createMigrationPaperRoutes } from './routes/migration-papers.ts';
import { createMeterPushRoutes } from './routes/meter-pushes.ts';
import { createMigrationRoutes } from './routes/migrations.ts';
import { createOpsMeterRoutes } from './routes/ops-meters.ts';
import { createUsageReadingRoutes } from './routes/usage-readings.ts';
import { createOpsRoutes } from './routes/ops.ts';
import { createReviewRoutes } from './routes/reviews.ts';
import { createOrderRoutes } from './routes/orders.ts';
import { createOutboundEventRoutes } from './routes/outbound-events.ts';
import { createOrganizationRoutes } from './routes/organizations.ts';
import { createPaymentMethodRoutes } from './routes/payment-methods.ts';
import { createPlanBenefitRoutes } from './routes/plan-benefits.ts';
import { createPlanRoutes } from './routes/plans.ts';
import { createPortalActs } from './portal/bind-acts.ts';
import { createPortalRoutes } from './routes/portal.ts';
import { createPlanPushRoutes } from './routes/plan-pushes.ts';
import { createProjectRoutes } from './routes/projects.ts';
import { createProviderAccountRoutes } from './routes/provider-accounts.ts';
import { createReconciliationRoutes } from './routes/reconciliations.ts';
import { createProviderHealthRoutes } from './routes/provider-health.ts';
import { createRefundRoutes } from './routes/refunds.ts';
import { createRolloutRoutes } from './routes/rollouts.ts';
import { createRoutingExplainRoutes } from './routes/routing-explain.ts';
import { createRoutingPolicyRoutes } from './routes/routing-policies.ts';
import { createSessionRoutes } from './routes/sessions.ts';
import { createSubscriptionOperationRoutes } from './routes/subscription-operations.ts';
import { createSubscriptionRoutes } from './routes/subscriptions.ts';
import { createUsageReportRoutes } from './routes/usage-reports.ts';
import { createWebhookEndpointRoutes } from './routes/webhook-endpoints.ts';
import { createWebhookRoutes } from './routes/webhooks.ts';

const basePath = '/api/v1';
const maxBodyBytes = 256 * 1024;
/** An export of many thousand subscriptions. */
const maxMigrationBytes = 4 * 1024 * 1024;

/** The whole HTTP API over injected parts; it listens nowhere by itself. */
export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', deps.settings.trustProxy.length > 0 ? [...deps.settings.trustProxy] : false);
  app.use(echoRequestId);
  // Before all else: the path that every payment depends on.
  app.use(basePath, createWebhookRoutes(deps));
  app.use(createRequestLog(deps), helmet());
  measureFence(deps.metrics.registry, deps.orm);
  addDriftMetrics({ registry: deps.metrics.registry, em: () => deps.orm.em.fork(), logger: deps.logger });
  addMigrationMetrics({ registry: deps.metrics.registry, em: () => deps.orm.em.fork(), logger: deps.logger });
  addUsageMetrics({ registry: deps.metrics.registry, em: () => deps.orm.em.fork(), logger: deps.logger });
  addRollupMetrics({ registry: deps.metrics.registry, em: () => deps.orm.em.fork(), logger: deps.logger });
  addRolloutMetrics({ registry: deps.metrics.registry, em: () => deps.orm.em.fork(), logger: deps.logger });
  measureProviderHealth(deps);
  const acts = createPortalActs(deps);
  const gate = createGate(deps);
  // The API before the pages, and what apps send most before all: each router that does not know a path costs a turn of
  // the event loop.
  app.use(basePath, createIngestUsageRoutes(deps, gate));
  app.use(basePath, createKeyedRoutes(deps, gate, acts));
  app.use(createHealthRoutes(deps), createDocsRoutes(deps), createInvoicePages(deps), createPortalRoutes(deps, acts));
  app.use((_request, _response, next) => next(refusal('not_found', 'No such route.')));
  app.use(createErrorHandler({ ...deps, publicUrl: deps.settings.publicUrl }));
  return app;
}

/** Who calls, and whether too often: the same counters for all that needs a key. */
function createGate(deps: ApiDeps): readonly RequestHandler[] {
  return [
    createCors(deps),
    limitGuesses(600),
    createAuthenticate(deps),
    closeToForeignOrigins,
    limitPerKey(deps.settings.rateLimitPerMinute),
  ];
}

/** Everything that needs a key. Bodies are read only after the key is known to be good. */
function createKeyedRoutes(deps: ApiDeps, gate: readonly RequestHandler[], acts: PortalActs): Router {
  const router = Router();
  router.use(...gate);
  router.post('/ops/migrations', express.json({ limit: maxMigrationBytes, type: () => true }));
  router.use(express.json({ limit: maxBodyBytes, type: () => true }), refuseCardData);
  // First what apps ask at every step: each router before it would be asked whether it knows the path.
  router.use(createAccessRoutes(deps), createCustomerPortalRoutes(deps));
  router.use(
    createCheckoutRoutes(deps),
    createPlanRoutes(deps),
    createOrganizationRoutes(deps),
    createSessionRoutes(deps),
    createSubscriptionOperationRoutes(deps),
    createSubscriptionRoutes(deps),
    createPaymentMethodRoutes(deps),
    createInvoiceRoutes(deps),
    createRefundRoutes(deps),
    createDisputeRoutes(deps),
    createOrderRoutes(deps),
    createOpsRoutes(deps),
    createReviewRoutes(deps),
    createProjectRoutes(deps),
    createProviderAccountRoutes(deps),
    createProviderHealthRoutes(deps),
    createKeyRoutes(deps),
    createWebhookEndpointRoutes(deps),
    createOutboundEventRoutes(deps),
    createPlanPushRoutes(deps),
    createCustomerDataRoutes(deps, acts),
    createAliasRoutes(deps),
    createBenefitRoutes(deps),
    createLicenseKeyRoutes(deps),
    createOpsBenefitRoutes(deps),
    createPlanBenefitRoutes(deps),
    createDirectGrantRoutes(deps),
    createRoutingPolicyRoutes(deps),
    createRoutingExplainRoutes(deps),
    createBlockedCountryRoutes(deps),
    createReconciliationRoutes(deps),
    createMigrationPaperRoutes(deps),
    createUsageReportRoutes(deps),
    createMigrationRoutes(deps),
    createRolloutRoutes(deps),
    createMeterRoutes(deps),
    createMeterPushRoutes(deps),
    createOpsMeterRoutes(deps),
    createUsageReadingRoutes(deps),
  );
  return router;
}
