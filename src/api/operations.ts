import type { z } from 'zod';
import {
  aliasCheckout,
  checkoutDetail,
  checkoutSummary,
  createCheckoutBody,
  listCheckoutsQuery,
} from './schemas/checkout.ts';
import { pageOf } from './schemas/common.ts';
import { invoice, listInvoicesQuery } from './schemas/invoice.ts';
import {
  auditEntry,
  fallbackRecord,
  listAuditQuery,
  listQuery,
  listWebhookEventsQuery,
  provider,
  webhookAnswer,
  webhookEvent,
} from './schemas/ops.ts';
import { customerAliases, customerOperations } from './customer-operations.ts';
import { directSubscriptionOperations } from './direct-subscription-operations.ts';
import { paymentMethodOperations } from './payment-method-operations.ts';
import { moneyOperations } from './money-operations.ts';
import { benefitOperations } from './benefit-operations.ts';
import { migrationPaperOperations } from './migration-paper-operations.ts';
import { migrationOperations } from './migration-operations.ts';
import { meterOperations } from './meter-operations.ts';
import { outboundOperations } from './outbound-operations.ts';
import { projectOperations } from './project-operations.ts';
import { reviewOperations } from './review-operations.ts';
import { reconciliationOperations } from './reconciliation-operations.ts';
import { providerHealthOperations } from './provider-health-operations.ts';
import { rolloutOperations } from './rollout-operations.ts';
import { routingOperations } from './routing-operations.ts';
import { subscriptionOperations } from './subscription-operations.ts';
import { usageAliases } from './usage-alias-operations.ts';
import { usageReportOperations } from './usage-report-operations.ts';
import { usageIngestOperations } from './usage-ingest-operations.ts';
import { createSessionBody, organization, putOrganizationBody, session } from './schemas/organization.ts';
import { getPlanQuery, listPlansQuery, plan } from './schemas/plan.ts';
import {
  listSubscriptionsQuery,
  organizationSubscriptionQuery,
  subscription,
  subscriptionDetail,
} from './schemas/subscription.ts';

/** One route, as documented. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** OpenAPI form, without the base path. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** By content type, where something else than JSON is taken. */
  readonly otherBodies?: Readonly<Record<string, z.ZodType>>;
  readonly answers: Readonly<
    Record<string, { readonly description: string; readonly schema: z.ZodType; readonly contentType?: string }>
  >;
  /** Codes that it may refuse with, besides those that every route has. */
  readonly refusals: readonly string[];
  readonly isIdempotent?: boolean;
  readonly isPublic?: boolean;
}

const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

const checkoutRefusals = [
  'organization_required',
  'product_not_found',
  'price_not_found',
  'contact_sales',
  'country_blocked',
  'already_subscribed',
  'payment_method_unavailable',
  'email_required',
  'redirect_not_allowed',
  'no_provider_available',
];

const startCheckout = (answer: z.ZodType) => ({
  method: 'post' as const,
  tag: 'Checkout',
  body: createCheckoutBody,
  answers: {
    '201': { description: 'It can be paid at `checkout_url`, or needs no payment.', schema: answer },
    '202': { description: 'The outcome is not known yet: read it by its id.', schema: answer },
  },
  refusals: checkoutRefusals,
  isIdempotent: true,
});

/** Every documented route, in reading order. */
export function listOperations(providerIds: readonly string[]): readonly Operation[] {
  return [
    ...checkoutOperations,
    ...readOperations,
    ...subscriptionOperations,
    ...directSubscriptionOperations,
    ...paymentMethodOperations,
    ...moneyOperations,
    ...opsOperations,
    ...providerHealthOperations,
    ...benefitOperations,
    ...meterOperations,
    ...projectOperations,
    ...routingOperations,
    ...outboundOperations,
    ...reconciliationOperations,
    ...migrationPaperOperations,
    ...usageReportOperations,
    ...migrationOperations,
    ...rolloutOperations,
    ...customerOperations,
    ...reviewOperations,
    ...usageIngestOperations,
    ...providerIds.flatMap(aliasOperations),
    ...providerIds.flatMap(customerAliases),
    ...providerIds.flatMap(usageAliases),
  ];
}

const checkoutOperations: readonly Operation[] = [
  { ...startCheckout(checkoutSummary), path: '/billing/checkout', summary: 'Start a checkout' },
  {
    ...{ method: 'get', path: '/billing/checkouts', tag: 'Checkout', summary: 'List checkouts' },
    query: listCheckoutsQuery,
    answers: ok(pageOf(checkoutSummary)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/checkouts/{id}', tag: 'Checkout', summary: 'Read a checkout' },
    answers: ok(checkoutDetail),
    refusals: ['checkout_not_found'],
  },
  {
    ...{ method: 'post', path: '/billing/checkouts/{id}/expire', tag: 'Checkout', summary: 'End a checkout' },
    answers: ok(checkoutSummary),
    refusals: ['checkout_not_found'],
    isIdempotent: true,
  },
];

const readOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/billing/plans', tag: 'Plans', summary: 'List plans on sale' },
    query: listPlansQuery,
    answers: ok(pageOf(plan)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/plans/{id}', tag: 'Plans', summary: 'Read a plan by id or key' },
    query: getPlanQuery,
    answers: ok(plan),
    refusals: ['plan_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/organizations/{id}', tag: 'Organizations', summary: 'Read an organization' },
    answers: ok(organization),
    refusals: ['organization_not_found'],
  },
  {
    ...{ method: 'put', path: '/billing/organizations/{id}', tag: 'Organizations', summary: 'Set an organization' },
    body: putOrganizationBody,
    answers: ok(organization),
    refusals: ['organization_not_found'],
  },
  {
    ...{ method: 'post', path: '/billing/sessions', tag: 'Organizations', summary: 'Open a session for a browser' },
    body: createSessionBody,
    answers: { '201': { description: 'Send it as `Plinto-Session`. A repeat opens another.', schema: session } },
    refusals: ['organization_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/subscriptions', tag: 'Subscriptions', summary: 'List subscriptions' },
    query: listSubscriptionsQuery,
    answers: ok(pageOf(subscription)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/subscriptions/{id}', tag: 'Subscriptions', summary: 'Read a subscription' },
    answers: ok(subscriptionDetail),
    refusals: ['subscription_not_found'],
  },
  {
    method: 'get',
    path: '/billing/organizations/{id}/subscription',
    tag: 'Subscriptions',
    summary: "Read an organization's current subscription",
    query: organizationSubscriptionQuery,
    answers: ok(subscription),
    refusals: ['organization_not_found', 'subscription_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/invoices', tag: 'Invoices', summary: 'List invoices' },
    query: listInvoicesQuery,
    answers: ok(pageOf(invoice)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/invoices/{id}', tag: 'Invoices', summary: 'Read an invoice' },
    answers: ok(invoice),
    refusals: ['invoice_not_found'],
  },
];

const webhookRefusals = ['webhook_malformed', 'signature_invalid', 'webhook_unknown', 'body_too_large'];
const webhook = {
  method: 'post',
  tag: 'Webhooks',
  answers: ok(webhookAnswer),
  refusals: webhookRefusals,
  isPublic: true,
} as const;

const opsOperations: readonly Operation[] = [
  { ...webhook, path: '/webhooks/{provider}', summary: 'Receive a provider’s webhook for the project `default`' },
  { ...webhook, path: '/webhooks/{provider}/{project}', summary: 'Receive a provider’s webhook' },
  {
    ...{ method: 'get', path: '/ops/webhook-events', tag: 'Operators', summary: 'List webhooks received' },
    query: listWebhookEventsQuery,
    answers: ok(pageOf(webhookEvent)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/ops/webhook-events/{id}', tag: 'Operators', summary: 'Read a webhook received' },
    answers: ok(webhookEvent),
    refusals: ['webhook_event_not_found'],
  },
  {
    ...{
      method: 'post',
      path: '/ops/webhook-events/{id}/replay',
      tag: 'Operators',
      summary: 'Process a webhook again',
    },
    answers: ok(webhookEvent),
    refusals: ['webhook_event_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/fallbacks', tag: 'Operators', summary: 'List fallbacks' },
    query: listQuery,
    answers: ok(pageOf(fallbackRecord)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/ops/providers', tag: 'Operators', summary: 'List providers and what they can do' },
    answers: ok(pageOf(provider)),
    refusals: [],
  },
  {
    ...{ method: 'get', path: '/ops/audit', tag: 'Operators', summary: 'Read the audit log' },
    query: listAuditQuery,
    answers: ok(pageOf(auditEntry)),
    refusals: ['cursor_invalid'],
  },
];

function aliasOperations(id: string): readonly Operation[] {
  return [
    {
      ...startCheckout(aliasCheckout),
      tag: 'Aliases',
      path: `/${id}/checkout`,
      summary: `Start a checkout, ${id} preferred`,
    },
    { ...webhook, tag: 'Aliases', path: `/${id}/webhooks`, summary: `Receive a webhook of ${id}` },
  ];
}
