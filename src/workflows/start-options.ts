import { strayWorkflowId } from '../domain/checkout/stray.ts';
import type { GrantWork } from '../domain/benefit.ts';
import type { RoutingDecision } from '../domain/routing/route.ts';
import { attemptsOf } from '../domain/routing/attempts.ts';
import type { LateFactInput } from './apply-late-fact.ts';
import type { NoteRefusedUsageInput } from '../activities/note-refused-usage.ts';
import {
  benefitGrantWorkflowId,
  billingQueue,
  checkoutWorkflowId,
  paymentMethodWorkflowId,
  reconciliationWorkflowId,
  refundWorkflowId,
  rolloutWorkflowId,
  customerDataWorkflowId,
  lateFactWorkflowId,
  migrationArchiveWorkflowId,
  migrationProofWorkflowId,
  migrationItemWorkflowId,
  migrationWorkflowId,
  subscriptionQueue,
  subscriptionWorkflowId,
  usageReportWorkflowId,
  type ArchiveMigrationInput,
  type CheckoutInput,
  type EntityInput,
  type MigrateCustomerInput,
  type MigrateInput,
  type ProveMigrationInput,
  type StrayInput,
  type ReconcileInput,
  type RolloutInput,
  type SubscriptionInput,
  type UsageReportInput,
} from './messages.ts';
import { expectedAttributes, projectAttributes, runAttributes, startAttributes } from './search-attributes.ts';

/**
 * Those that call a provider inside their workflow task. With the usual 10 s a task may time out on a worker that is still
 * at it; a signal then sends the same worker a second one, and the SDK's core (1.24) cannot go on with that run until the
 * worker is started anew. A dead worker is noticed this much later.
 */
const callingTask = { workflowTaskTimeout: '30s' } as const;

/** How a checkout's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function checkoutStart(row: {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly mode: CheckoutInput['mode'];
  readonly country: string | null;
  readonly routing: RoutingDecision;
  readonly metadata?: Readonly<Record<string, string>>;
}) {
  const { migration, migration_item: item } = row.metadata ?? {};
  const input: CheckoutInput = {
    projectId: row.projectId,
    live: row.live,
    organizationId: row.organizationId,
    checkoutId: row.id,
    mode: row.mode,
    attempts: attemptsOf(row.routing),
    rule: row.routing.rule,
    country: row.country,
    ...(migration !== undefined && item !== undefined && { toldTo: migrationItemWorkflowId(migration, item) }),
  };
  return {
    ...callingTask,
    workflowId: checkoutWorkflowId(row.id),
    taskQueue: billingQueue,
    args: [input] as [CheckoutInput],
    typedSearchAttributes: startAttributes({ ...input, kind: 'checkout', ...expectedAttributes(input) }),
    staticSummary: `${row.organizationId}: ${row.mode} by rule ${row.routing.rule}`,
  };
}

/** How whoever looks after a session that may exist beside a checkout's own starts: by its checkout, relay or sweep. */
export function strayStart(input: StrayInput) {
  const { projectId, live, organizationId, checkoutId, provider, country } = input;
  const given: StrayInput = { projectId, live, organizationId, checkoutId, provider, country };
  return {
    workflowId: strayWorkflowId(checkoutId, provider),
    taskQueue: billingQueue,
    args: [given] as [StrayInput],
    typedSearchAttributes: startAttributes({ ...given, kind: 'stray-session', status: 'unknown' }),
    staticSummary: `${organizationId}: another session at ${provider}`,
  };
}

/** How a subscription's workflow starts, from its row alone. */
export function subscriptionStart(input: SubscriptionInput & { readonly status: string }) {
  const { status, ...given } = input;
  return {
    ...callingTask,
    workflowId: subscriptionWorkflowId(input.subscriptionId),
    taskQueue: subscriptionQueue,
    args: [given] as [SubscriptionInput],
    typedSearchAttributes: startAttributes({ ...input, kind: 'subscription', status }),
    staticSummary: `${input.organizationId}: subscription`,
  };
}

/** How a short workflow about one row starts. */
export function entityStart(
  name: string,
  workflowId: string,
  input: EntityInput,
  more: { readonly kind: string; readonly summary: string },
) {
  return {
    name,
    workflowId,
    taskQueue: billingQueue,
    args: [input] as [EntityInput],
    typedSearchAttributes: startAttributes({ ...input, kind: more.kind, status: 'running', country: null }),
    staticSummary: `${input.organizationId}: ${more.summary}`,
  };
}

/** What every row that a workflow is about has. */
interface OwnedRow {
  readonly id: string;
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
}

/** How a subscription that is asked for without a hosted page starts, by the API and by the sweep of forgotten rows. */
export function directStart(row: OwnedRow & { readonly provider: string | null; readonly country: string | null }) {
  const { id: subscriptionId, projectId, live, organizationId, provider, country } = row;
  const input = { projectId, live, organizationId, subscriptionId, provider, country };
  return subscriptionStart({ ...input, isDirect: true, status: 'incomplete' });
}

interface MethodRow extends OwnedRow {
  readonly provider: string;
  readonly version: number;
}

/** How the attaching of a method starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function attachStart(row: MethodRow) {
  return startMethod('attachPaymentMethod', paymentMethodWorkflowId(row.id, 'attach'), row, 'attach a payment method');
}

/** The row's version is part of the id: what was done once can be asked for again after something else has happened. */
export function paymentMethodStart(row: MethodRow, act: 'detach' | 'default') {
  const id = paymentMethodWorkflowId(row.id, `${act}/${row.version}`);
  if (act === 'detach') return startMethod('detachPaymentMethod', id, row, 'take a payment method away');
  return startMethod('defaultPaymentMethod', id, row, 'make a payment method the default');
}

function startMethod(name: string, workflowId: string, row: MethodRow, summary: string) {
  const { projectId, live, organizationId, id, provider } = row;
  const input = { projectId, live, organizationId, id, provider };
  return entityStart(name, workflowId, input, { kind: 'payment-method', summary: `${summary} at ${provider}` });
}

/** How a refund's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function refundStart(row: OwnedRow & { readonly provider: string }) {
  const { id, projectId, live, organizationId, provider } = row;
  const input: EntityInput = { projectId, live, organizationId, id, provider };
  const more = { kind: 'refund', summary: `refund at ${provider}` };
  return entityStart('refundPayment', refundWorkflowId(id), input, more);
}

/** How the workflow of a planned grant starts: once per plan, for who gets a benefit back is granted anew. */
export function grantStart(
  grant: GrantWork & { readonly projectId: string; readonly live: boolean; readonly organizationId: string },
) {
  const { projectId, live, organizationId, provider } = grant;
  return entityStart(
    'carryOutGrant',
    benefitGrantWorkflowId(grant.grantId, String(grant.version)),
    { projectId, live, organizationId, id: grant.grantId, provider },
    { kind: 'benefit-grant', summary: 'a benefit' },
  );
}

/** How a job on customer data starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function customerDataStart(row: OwnedRow & { readonly kind: 'export' | 'erasure' }) {
  const { id, projectId, live, organizationId, kind } = row;
  const input = { projectId, live, organizationId, id, provider: null };
  const name = kind === 'export' ? 'exportCustomerData' : 'eraseCustomerData';
  return entityStart(name, customerDataWorkflowId(id), input, { kind: 'customer-data', summary: kind });
}

/** How a comparison with a provider's account starts, from its row alone: the API, the schedule and the sweep start the same one. */
export function reconciliationStart(row: Omit<OwnedRow, 'organizationId'> & { readonly provider: string }) {
  const { id: runId, projectId, live, provider } = row;
  const input: ReconcileInput = { projectId, live, runId, provider };
  return {
    workflowId: reconciliationWorkflowId(runId),
    taskQueue: billingQueue,
    args: [input] as [ReconcileInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'reconciliation', status: 'running' }),
    staticSummary: `${projectId}: our books and ${provider}'s`,
  };
}

/** How a report of usage starts, from its row alone: the API, the schedule and the sweep start the same one. */
export function usageReportStart(row: Omit<OwnedRow, 'organizationId'>) {
  const { id: reportId, projectId, live } = row;
  const input: UsageReportInput = { projectId, live, reportId };
  return {
    workflowId: usageReportWorkflowId(reportId),
    taskQueue: billingQueue,
    args: [input] as [UsageReportInput],
    typedSearchAttributes: projectAttributes({ projectId, kind: 'usage-report', status: 'running' }),
    staticSummary: `${projectId}: usage to the providers`,
  };
}

/** How a rollout starts, from its row alone: the API and the sweep start the same one. */
export function rolloutStart(
  row: Omit<OwnedRow, 'organizationId'> & { readonly fromProvider: string; readonly toProvider: string },
) {
  const { id: rolloutId, projectId, live, fromProvider, toProvider: provider } = row;
  const input: RolloutInput = { projectId, live, rolloutId };
  return {
    workflowId: rolloutWorkflowId(rolloutId),
    taskQueue: billingQueue,
    args: [input] as [RolloutInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'rollout', status: 'running' }),
    staticSummary: `${projectId}: new customers from ${fromProvider} to ${provider}`,
  };
}

/** How a migration starts, from its row alone: the API and the sweep start the same one. */
export function migrationStart(row: Omit<OwnedRow, 'organizationId'> & { readonly fromProvider: string }) {
  const { id: migrationId, projectId, live, fromProvider: provider } = row;
  const input: MigrateInput = { projectId, live, migrationId, provider };
  return {
    workflowId: migrationWorkflowId(migrationId),
    taskQueue: billingQueue,
    args: [input] as [MigrateInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'migration', status: 'running' }),
    staticSummary: `${projectId}: customers leave ${provider}`,
  };
}

/** How one customer's way starts, from its item alone: the migration and the sweep start the same one. */
export function migrationItemStart(row: OwnedRow & { readonly migrationId: string; readonly fromProvider: string }) {
  const { id: itemId, projectId, live, migrationId, organizationId, fromProvider } = row;
  const input: MigrateCustomerInput = { projectId, live, migrationId, itemId, organizationId };
  return {
    name: 'migrateCustomer',
    workflowId: migrationItemWorkflowId(migrationId, itemId),
    taskQueue: billingQueue,
    args: [input] as [MigrateCustomerInput],
    typedSearchAttributes: startAttributes({
      ...{ projectId, organizationId, kind: 'migration-item', status: 'planned' },
      ...{ provider: fromProvider, country: null },
    }),
    staticSummary: `${organizationId}: leaves ${fromProvider}`,
  };
}

/** How a proof's workflow starts, from its row alone: the API and the sweep of forgotten rows start the same one. */
export function migrationProofStart(row: Omit<OwnedRow, 'organizationId'> & { readonly fromProvider: string }) {
  const { id: proofId, projectId, live, fromProvider: provider } = row;
  const input: ProveMigrationInput = { projectId, live, proofId, provider };
  return {
    ...{ name: 'proveMigration', workflowId: migrationProofWorkflowId(proofId), taskQueue: billingQueue },
    args: [input] as [ProveMigrationInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'migration-proof', status: 'running' }),
    staticSummary: `${projectId}: which charge covers which period`,
  };
}

/** How an archive's workflow starts, from its row alone. */
export function migrationArchiveStart(row: Omit<OwnedRow, 'organizationId'> & { readonly fromProvider: string }) {
  const { id: archiveId, projectId, live, fromProvider: provider } = row;
  const input: ArchiveMigrationInput = { projectId, live, archiveId, provider };
  return {
    ...{ name: 'archiveMigration', workflowId: migrationArchiveWorkflowId(archiveId), taskQueue: billingQueue },
    args: [input] as [ArchiveMigrationInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'migration-archive', status: 'running' }),
    staticSummary: `${projectId}: all that ${provider} holds, sealed for its operator`,
  };
}

/** How news of something whose workflow has ended is looked after, once per event. */
export function lateFactStart(input: LateFactInput, eventId: string, about: string) {
  return {
    workflowId: lateFactWorkflowId(eventId),
    taskQueue: billingQueue,
    args: [input] as [LateFactInput],
    typedSearchAttributes: startAttributes({ ...input, kind: 'late-fact', status: 'received' }),
    staticSummary: about,
  };
}

/** How a notice of refused usage is looked after, once per event. */
export function refusedUsageStart(input: NoteRefusedUsageInput, eventId: string) {
  const { projectId, live, provider, noticeId } = input;
  const given: NoteRefusedUsageInput = { projectId, live, provider, noticeId };
  return {
    workflowId: lateFactWorkflowId(eventId),
    taskQueue: billingQueue,
    args: [given] as [NoteRefusedUsageInput],
    typedSearchAttributes: runAttributes({ projectId, provider, kind: 'refused-usage', status: 'received' }),
    staticSummary: `${projectId}: usage that ${provider} refused`,
  };
}
