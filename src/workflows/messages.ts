import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { SettledSubscription } from '../activities/settled-subscription.ts';
import type { CheckoutMode } from '../domain/catalogue.ts';
import type { BenefitStep } from '../domain/benefit-push.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { PushStep } from '../domain/plan-push.ts';
import type { StrayStatus } from '../domain/checkout/stray.ts';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';
import type { MigrationItemState, MigrationStatus } from '../domain/migration/migration.ts';
import type { RefundStatus } from '../domain/payment/refund.ts';
import type { ReconciliationPhase, ReconciliationStatus } from '../domain/reconciliation/run.ts';
import type { RolloutStatus } from '../domain/rollout/rollout.ts';
import type { MeterStep } from '../domain/usage/meter-push.ts';
import type { UsageCounts, UsageReportPhase, UsageReportStatus } from '../domain/usage/report.ts';
import type { AgendaItem } from '../domain/subscription/agenda.ts';
import type { OperationStatus } from '../domain/subscription/operation.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';

/** Everything here is stored in histories: ids and facts, no personal data. Fields are only ever added. */

/** Queue of workflow tasks and database activities. */
export const billingQueue = 'billing';

/** Subscriptions' own: a hanging provider holds up no checkout while they look. */
export const subscriptionQueue = 'subscriptions';

/** Each provider's calls have their own queue, so that an outage stays in it. */
export function providerQueue(provider: string): string {
  return `provider-${provider}`;
}

/** Where calls to a provider wait; null: none is involved. */
export function callQueue(provider: string | null): string {
  return provider === null ? billingQueue : providerQueue(provider);
}

export interface CheckoutInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly checkoutId: string;
  readonly mode: CheckoutMode;
  /** Providers to ask, in order, as routing decided. */
  readonly attempts: readonly string[];
  /** Why this order: the rule that held, and the buyer's country. */
  readonly rule: string;
  readonly country: string | null;
  /** The workflow of the customer's move that it is part of, which hears of its end; absent: of none. */
  readonly toldTo?: string;
}

/** A session that may exist at a provider beside the one a checkout stands for. */
export interface StrayInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly checkoutId: string;
  readonly provider: string;
  readonly country: string | null;
}

export interface SubscriptionInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly subscriptionId: string;
  readonly provider: string | null;
  readonly country: string | null;
  /** Begins without a hosted page: its row is `incomplete` and nothing exists at the provider yet. */
  readonly isDirect?: boolean;
  /** Carried over continue-as-new. */
  readonly carried?: SubscriptionCarried;
}

/** What a subscription's next run must know of the last one. */
export interface SubscriptionCarried {
  readonly facts: readonly ProviderFact[];
  /** Events that were heard already. */
  readonly seen: readonly string[];
  readonly settled: SettledSubscription;
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

export interface PushPlansInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly providers: readonly string[];
  readonly dryRun: boolean;
}

export interface PushReport {
  readonly isDone: boolean;
  /** Steps in all, once known. */
  readonly expected: number;
  readonly dryRun: boolean;
  readonly steps: readonly PushStep[];
  readonly benefits: readonly BenefitStep[];
}

export interface PushMetersInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly providers: readonly string[];
  readonly dryRun: boolean;
}

export interface MeterPushReport {
  readonly isDone: boolean;
  /** Steps in all, once known. */
  readonly expected: number;
  readonly dryRun: boolean;
  readonly steps: readonly MeterStep[];
}

/** A verified webhook, as its workflow hears of it: which event, about what. The truth is read, never carried. */
export interface ProviderFact {
  /** Our inbox id. */
  readonly id: string;
  readonly type: string;
  readonly kind: string;
  readonly objectId: string;
}

/** The disputes that facts are about, for whoever reads the truth. */
export function disputeIds(facts: readonly ProviderFact[]): readonly string[] {
  return [...new Set(facts.filter((fact) => fact.kind === 'dispute').map((fact) => fact.objectId))];
}

/** What a workflow is about whose row tells the rest: a refund, a payment method, a job on customer data. */
export interface EntityInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly id: string;
  /** null: several, or none. */
  readonly provider: string | null;
}

/** One comparison with a provider's account; its row tells the rest. */
export interface ReconcileInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly runId: string;
  readonly provider: string;
  /** Carried over continue-as-new. */
  readonly carried?: ReconcileCarried;
}

/** What the next run of a comparison must know that its row does not tell. */
export interface ReconcileCarried {
  readonly isPaused: boolean;
  /** Looks at what is being repaired. */
  readonly looks: number;
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

/** One report of usage to the providers; its row tells the rest. */
export interface UsageReportInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly reportId: string;
  /** Carried over continue-as-new. */
  readonly carried?: UsageReportCarried;
}

/** What the next run of a report must know that its rows do not tell. */
export interface UsageReportCarried {
  /** Providers that gave up in this report, and why. */
  readonly away: readonly { readonly provider: string; readonly code: string; readonly message: string }[];
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

/** One rollout; its row tells the rest. */
export interface RolloutInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly rolloutId: string;
  /** Carried over continue-as-new. */
  readonly carried?: RolloutCarried;
}

/** What the next run of a rollout must know that its row does not tell. */
export interface RolloutCarried {
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

/** One migration off a provider; its row and its items' tell the rest. */
export interface MigrateInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly migrationId: string;
  /** Whom the customers leave. */
  readonly provider: string;
  /** Carried over continue-as-new. */
  readonly carried?: MigrateCarried;
}

/** What the next run of a migration must know that its rows do not tell. */
export interface MigrateCarried {
  /** Items whose customers' workflows hold a place of the window. */
  readonly active: readonly string[];
  /** The last item that was taken up. */
  readonly after: string | null;
  /** When the last ones were started, for the pace: ISO, oldest first. */
  readonly startedAt: readonly string[];
  /** Up to which item an abort has led customers back; null: not begun, or through. */
  readonly ledBackTo: string | null;
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

/** How a rollout stands. */
export interface RolloutState {
  readonly status: RolloutStatus;
  /** Index into its stages. */
  readonly stage: number;
}

/** Who asked for it: a key's id. */
export interface RolloutWish {
  readonly actor: string;
}

/** One customer's way from the old provider to the new; the item's row is the truth, and has all the rest. */
export interface MigrateCustomerInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly migrationId: string;
  readonly itemId: string;
  readonly organizationId: string;
  /** Carried over continue-as-new. */
  readonly carried?: MigrateCustomerCarried;
}

/** What the next run of a customer's way must know that its row does not tell. */
export interface MigrateCustomerCarried {
  readonly isWithdrawn: boolean;
  readonly remindTo: number;
  /** Its place in the migration's window is free. */
  readonly hasWaited: boolean;
  /** Whose queue is asked next. */
  readonly asks: string | null;
  /** The newest lines, newest last. */
  readonly story: readonly string[];
}

/** How far a migration is: how many items are in which state. */
export interface MigrationState {
  readonly status: MigrationStatus;
  readonly items: Readonly<Partial<Record<MigrationItemState, number>>>;
  /** Customers' workflows that hold a place of the window. */
  readonly active: number;
}

/** How far a report of usage is. Events, as they count: received = reported + rejected + pending. */
export interface UsageReportState extends UsageCounts {
  readonly status: UsageReportStatus;
  readonly phase: UsageReportPhase;
}

/** What a migration came to, asked of the providers; its row tells the rest. */
export interface ProveMigrationInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly proofId: string;
  /** Whose queue the questions wait in: the old provider's. */
  readonly provider: string;
}

/** All that the old provider's account holds, packed for its operator; its row tells the rest. */
export interface ArchiveMigrationInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly archiveId: string;
  readonly provider: string;
}

/** How far a proof is. */
export interface MigrationProofState {
  readonly status: 'requested' | 'running' | 'succeeded' | 'failed';
  readonly done: number;
  readonly total: number;
}

/** How far a comparison is. */
export interface ReconciliationState {
  readonly status: ReconciliationStatus;
  readonly isPaused: boolean;
  readonly phase: ReconciliationPhase;
  readonly compared: number;
  readonly found: number;
  readonly repaired: number;
  readonly queued: number;
  readonly restarted: number;
}

export const checkoutWorkflowId = (checkoutId: string) => `checkout/${checkoutId}`;
export const subscriptionWorkflowId = (subscriptionId: string) => `subscription/${subscriptionId}`;
export const providerAccountWorkflowId = ({ projectId, live, provider }: AccountKey) =>
  `provider-account/${projectId}/${provider}/${live ? 'live' : 'test'}`;
export const pushWorkflowId = (projectId: string, live: boolean, id: string) =>
  `plan-push/${projectId}/${live ? 'live' : 'test'}/${id}`;
export const meterPushWorkflowId = (projectId: string, live: boolean, id: string) =>
  `meter-push/${projectId}/${live ? 'live' : 'test'}/${id}`;
export const refundWorkflowId = (refundId: string) => `refund/${refundId}`;
/** @param act What is done to it: `attach`, `detach`, `default`. */
export const paymentMethodWorkflowId = (paymentMethodId: string, act: string) =>
  `payment-method/${paymentMethodId}/${act}`;
/** Each asking is one of its own. */
export const paymentMethodSyncWorkflowId = (jobId: string) => `payment-methods/${jobId}`;
export const customerDataWorkflowId = (jobId: string) => `customer-data/${jobId}`;
export const benefitGrantWorkflowId = (grantId: string, act: string) => `benefit-grant/${grantId}/${act}`;
/** Both the schedule's and its workflow's. */
export const disputeSweepId = (provider: string) => `dispute-sweep/${provider}`;
export const reconciliationWorkflowId = (runId: string) => `reconciliation/${runId}`;
/** Both the schedule's and its workflow's. */
export const reconciliationScheduleId = (provider: string) => `reconciliation/${provider}`;
export const usageReportWorkflowId = (reportId: string) => `usage-report/${reportId}`;
/** Both the schedule's and its workflow's. */
export const usageReportScheduleId = 'usage-reports';
export const rolloutWorkflowId = (rolloutId: string) => `rollout/${rolloutId}`;
export const migrationWorkflowId = (migrationId: string) => `migration/${migrationId}`;
export const migrationItemWorkflowId = (migrationId: string, itemId: string) => `migration/${migrationId}/${itemId}`;
export const migrationProofWorkflowId = (proofId: string) => `migration-proof/${proofId}`;
export const migrationArchiveWorkflowId = (archiveId: string) => `migration-archive/${archiveId}`;
export const lateFactWorkflowId = (eventId: string) => `fact/${eventId}`;

/** Answers once the checkout can be paid, needs no payment, or cannot be served. The URL is read from the row. */
export const openedUpdate = defineUpdate<{ readonly status: CheckoutStatus }>('opened');
/** Ends a checkout that is not paid; answers how it stands afterwards. */
export const expireUpdate = defineUpdate<{ readonly status: CheckoutStatus }>('expire');
/** Answers once a direct subscription has begun, waits for its customer, or has failed. */
export const begunUpdate = defineUpdate<{ readonly status: SubscriptionStatus }>('begun');
/** Carries out something asked of a subscription: its row has the rest. Answers what became of it. */
export const operateUpdate = defineUpdate<{ readonly status: OperationStatus }, [{ readonly changeId: string }]>(
  'operate',
);
/** Answers once the provider has been asked for a refund, whatever it said. The row tells the rest. */
export const refundAskedUpdate = defineUpdate<{ readonly status: RefundStatus }>('asked');
export const refundStateQuery = defineQuery<{ readonly status: RefundStatus; readonly next: string | null }>('state');
export const providerFactsSignal = defineSignal<[readonly ProviderFact[]]>('providerFacts');
export const strayStateQuery = defineQuery<{ readonly status: StrayStatus; readonly next: string | null }>('state');
export const stateQuery = defineQuery<{
  readonly status: CheckoutStatus | SubscriptionStatus;
  readonly next: string | null;
  /** Of a subscription: what it does then. */
  readonly item?: AgendaItem['kind'] | null;
  /** Of a checkout: how many wishes to end it were carried out so far, whatever came of them. */
  readonly ends?: number;
}>('state');
export const pushQuery = defineQuery<PushReport>('report');
export const meterPushQuery = defineQuery<MeterPushReport>('report');
export const reconciliationQuery = defineQuery<ReconciliationState>('state');
export const rolloutQuery = defineQuery<RolloutState>('state');
/** Each answers once the rollout's row says so. What the operator saw goes with it: asked twice, it is done once. */
export const pauseRolloutUpdate = defineUpdate<RolloutState, [RolloutWish]>('pause');
export const resumeRolloutUpdate = defineUpdate<RolloutState, [RolloutWish]>('resume');
export const promoteRolloutUpdate = defineUpdate<RolloutState, [RolloutWish & { readonly from: number }]>('promote');
export const rollBackRolloutUpdate = defineUpdate<RolloutState, [RolloutWish]>('rollback');
export const setRolloutStageUpdate = defineUpdate<RolloutState, [RolloutWish & { readonly stage: number }]>('setStage');
export const usageReportQuery = defineQuery<UsageReportState>('state');
/** Holds a comparison after the page in hand; answers once its row says so. */
export const pauseUpdate = defineUpdate<ReconciliationState>('pause');
export const resumeUpdate = defineUpdate<ReconciliationState>('resume');
/** Ends a comparison; answers once it has ended. */
export const cancelUpdate = defineUpdate<ReconciliationState>('cancel');
export const migrationProofQuery = defineQuery<MigrationProofState>('state');
export const whyQuery = defineQuery<string>('why');

export const migrationQuery = defineQuery<MigrationState>('state');
/** Nobody else is started; who is on the way goes on. Answers once the row says so. */
export const pauseMigrationUpdate = defineUpdate<MigrationState>('pause');
export const resumeMigrationUpdate = defineUpdate<MigrationState>('resume');
/** Ends a migration: who is not past the point of no return stays at the old provider. Answers once the row says so. */
export const abortMigrationUpdate = defineUpdate<MigrationState>('abort');
/** From a customer's workflow to the migration's: it only waits for its customer, and its place is free. */
export const migrationItemWaitsSignal = defineSignal<[{ readonly itemId: string }]>('migrationItemWaits');
/** From a customer's workflow to the migration's, as its last act: the item is at its end, or a person's. */
export const migrationItemEndedSignal = defineSignal<[{ readonly itemId: string }]>('migrationItemEnded');
/** From the migration's workflow to a customer's: back to the old provider, unless past the point of no return. */
export const migrationAbortedSignal = defineSignal('migrationAborted');
/** To a customer's workflow: something of it has changed (its checkout has ended, the customer is back). Look. */
export const migrationItemNewsSignal = defineSignal('news');
/** Leads one customer back before the point of no return. Answers once the row says so, or why it cannot. */
export const rollBackItemUpdate = defineUpdate<{ readonly state: MigrationItemState }>('rollBack');
/** Tells one customer again, now. */
export const remindItemUpdate = defineUpdate<{ readonly state: MigrationItemState }>('remind');
/** Of a customer's workflow: where its item is, and what it waits for until when (ISO; null: for nothing timed). */
export const migrationItemQuery = defineQuery<{ readonly state: MigrationItemState; readonly next: string | null }>(
  'state',
);
