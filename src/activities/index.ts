import { createArchiveAccount, createFailArchive } from './archive-migration.ts';
import { createAdvanceMigrationItem } from './advance-migration-item.ts';
import { createAssignUsage } from './assign-usage.ts';
import { createAttachPaymentMethod } from './attach-payment-method.ts';
import { createBeginReconciliation, createPauseReconciliation } from './begin-reconciliation.ts';
import { createBeginUsageReport, createReadUsageReport } from './begin-usage-report.ts';
import { createCallGate } from './call-gate.ts';
import { createCarryOutGrant } from './carry-out-grant.ts';
import { createCheckProviderAccount } from './check-provider-account.ts';
import { createCollectUsage } from './collect-usage.ts';
import { createCompareOurs } from './compare-ours.ts';
import { createCompareTheirs } from './compare-theirs.ts';
import { createCompareUsage } from './compare-usage.ts';
import { createConfirmPaymentMethod } from './confirm-payment-method.ts';
import { createConnectProviderWebhook } from './connect-provider-webhook.ts';
import { createFailCustomerDataJob } from './customer-data-job.ts';
import { createDefaultPaymentMethod } from './default-payment-method.ts';
import type { ActivityDeps } from './deps.ts';
import { createDetachPaymentMethod } from './detach-payment-method.ts';
import { createEndCheckout } from './end-checkout.ts';
import { createEndGrace } from './end-grace.ts';

import { createEraseAtProvider, createFinishErasure, createPrepareErasure } from './erase-customer-data.ts';
import {
  createExportFromProvider,
  createFinishExport,
  createListCustomerProviders,
  createSkipProviderExport,
} from './export-customer-data.ts';
import { createGiveUpStray } from './give-up-stray.ts';
import { createFindLostWorkflows, createNoteRestarted } from './find-lost-workflows.ts';
import { createFinishReconciliation } from './finish-reconciliation.ts';
import { createEnterUsageComparison, createFinishUsageReport } from './finish-usage-report.ts';
import { heartbeating } from './heartbeating.ts';
import { createInventoryMigration } from './inventory-migration.ts';
import { createIssueVoucher } from './issue-voucher.ts';
import {
  createBeginMigration,
  createFinishMigration,
  createStartMigration,
  createSteerMigration,
} from './migration-row.ts';
import {
  createFindLostMigrationItems,
  createItemsToLeadBack,
  createKeepUntold,
  createLookAtMigration,
  createNextMigrationItems,
} from './migration-window.ts';
import { createNoteRefusedUsage } from './note-refused-usage.ts';
import { createNotifyTrialEnd } from './notify-trial-end.ts';
import { createOpenCheckout } from './open-checkout.ts';
import { createOpenSubscription } from './open-subscription.ts';
import { createOperateSubscription } from './operate-subscription.ts';
import { createLookAtRollout } from './look-at-rollout.ts';
import { createLookBack } from './look-back.ts';
import { createBeginProof, createFailProof, createFinishProof, createProvePage } from './prove-migration.ts';
import { createPlanMigration } from './plan-migration.ts';
import { createListBenefits, createPushBenefit } from './push-benefits.ts';
import { createListMeters, createPushMeter } from './push-meter.ts';
import { createPushPlanBenefits } from './push-plan-benefits.ts';
import { createListPrices, createPushPrice } from './push-price.ts';
import { createRefundPayment } from './refund-payment.ts';
import { createRemindPayment } from './remind-payment.ts';
import { createRequestUsageReports } from './request-usage-reports.ts';
import { createResolveStray } from './resolve-stray.ts';
import { createRepairDifferences } from './repair-differences.ts';
import { createRequestReconciliations } from './request-reconciliations.ts';
import { createSendUsage } from './send-usage.ts';
import { createSettleCheckout } from './settle-checkout.ts';
import { createSettleSubscription } from './settle-subscription.ts';
import { createFindStillDifferent } from './still-different.ts';
import { createSteerRollout } from './steer-rollout.ts';
import { createStopMigrationItem } from './stop-migration-item.ts';
import { createSweepDisputes } from './sweep-disputes.ts';
import { createSyncPaymentMethods } from './sync-payment-methods.ts';
import { toApplicationFailure } from './to-application-failure.ts';
import { withGrants } from './with-grants.ts';

/** Every activity, by the name workflows call it. */
export function createActivities(deps: ActivityDeps) {
  const gate = createCallGate(deps.maxCallsInFlight);
  return {
    openCheckout: translated(createOpenCheckout(deps, gate)),
    settleCheckout: translated(withGrants(deps, createSettleCheckout(deps))),
    endCheckout: translated(withGrants(deps, createEndCheckout(deps))),
    resolveStray: translated(withGrants(deps, createResolveStray(deps))),
    giveUpStray: translated(createGiveUpStray(deps)),
    openSubscription: translated(createOpenSubscription(deps)),
    lookBack: translated(createLookBack(deps)),
    issueVoucher: translated(createIssueVoucher(deps)),
    operateSubscription: translated(createOperateSubscription(deps)),
    settleSubscription: translated(createSettleSubscription(deps)),
    refundPayment: translated(createRefundPayment(deps)),
    notifyTrialEnd: translated(createNotifyTrialEnd(deps)),
    remindPayment: translated(createRemindPayment(deps)),
    endGrace: translated(createEndGrace(deps)),
    carryOutGrant: translated(createCarryOutGrant(deps)),
    sweepDisputes: translated(createSweepDisputes(deps)),
    requestReconciliations: translated(createRequestReconciliations(deps)),
    beginReconciliation: translated(createBeginReconciliation(deps)),
    pauseReconciliation: translated(createPauseReconciliation(deps)),
    compareTheirs: heartbeating(translated(createCompareTheirs(deps))),
    compareOurs: heartbeating(translated(createCompareOurs(deps))),
    findLostWorkflows: translated(createFindLostWorkflows(deps)),
    noteRestarted: translated(createNoteRestarted(deps)),
    repairDifferences: heartbeating(translated(createRepairDifferences(deps, createFindStillDifferent(deps)))),
    finishReconciliation: translated(createFinishReconciliation(deps)),
    requestUsageReports: translated(createRequestUsageReports(deps)),
    beginUsageReport: heartbeating(translated(createBeginUsageReport(deps))),
    readUsageReport: heartbeating(translated(createReadUsageReport(deps))),
    collectUsage: heartbeating(translated(createCollectUsage(deps))),
    assignUsage: heartbeating(translated(createAssignUsage(deps))),
    sendUsage: heartbeating(translated(createSendUsage(deps))),
    enterUsageComparison: heartbeating(translated(createEnterUsageComparison(deps))),
    compareUsage: heartbeating(translated(createCompareUsage(deps))),
    finishUsageReport: heartbeating(translated(createFinishUsageReport(deps))),
    beginProof: translated(createBeginProof(deps)),
    provePage: heartbeating(translated(createProvePage(deps))),
    finishProof: heartbeating(translated(createFinishProof(deps))),
    failProof: translated(createFailProof(deps)),
    archiveAccount: heartbeating(translated(createArchiveAccount(deps))),
    failArchive: translated(createFailArchive(deps)),
    beginMigration: translated(createBeginMigration(deps)),
    inventoryMigration: heartbeating(translated(createInventoryMigration(deps))),
    planMigrationItems: heartbeating(translated(createPlanMigration(deps))),
    startMigration: translated(createStartMigration(deps)),
    steerMigration: translated(createSteerMigration(deps)),
    nextMigrationItems: translated(createNextMigrationItems(deps)),
    lookAtMigration: translated(createLookAtMigration(deps)),
    findLostMigrationItems: heartbeating(translated(createFindLostMigrationItems(deps))),
    itemsToLeadBack: translated(createItemsToLeadBack(deps)),
    keepUntold: translated(createKeepUntold(deps)),
    finishMigration: translated(createFinishMigration(deps)),
    lookAtRollout: translated(createLookAtRollout(deps)),
    steerRollout: translated(createSteerRollout(deps)),
    noteRefusedUsage: translated(createNoteRefusedUsage(deps)),
    advanceMigrationItem: translated(createAdvanceMigrationItem(deps)),
    stopMigrationItem: translated(createStopMigrationItem(deps)),
    checkProviderAccount: translated(createCheckProviderAccount(deps)),
    listPrices: translated(createListPrices(deps)),
    pushPrice: translated(createPushPrice(deps)),
    listMeters: translated(createListMeters(deps)),
    pushMeter: translated(createPushMeter(deps)),
    attachPaymentMethod: translated(createAttachPaymentMethod(deps)),
    confirmPaymentMethod: translated(createConfirmPaymentMethod(deps)),
    detachPaymentMethod: translated(createDetachPaymentMethod(deps)),
    defaultPaymentMethod: translated(createDefaultPaymentMethod(deps)),
    syncPaymentMethods: translated(createSyncPaymentMethods(deps)),
    listBenefits: translated(createListBenefits(deps)),
    pushBenefit: translated(createPushBenefit(deps)),
    pushPlanBenefits: translated(createPushPlanBenefits(deps)),
    connectProviderWebhook: translated(createConnectProviderWebhook(deps)),
    listCustomerProviders: translated(createListCustomerProviders(deps)),
    exportFromProvider: translated(createExportFromProvider(deps)),
    skipProviderExport: translated(createSkipProviderExport(deps)),
    finishExport: translated(createFinishExport(deps)),
    prepareErasure: translated(createPrepareErasure(deps)),
    eraseAtProvider: translated(createEraseAtProvider(deps)),
    finishErasure: translated(createFinishErasure(deps)),
    failCustomerDataJob: translated(createFailCustomerDataJob(deps)),
  };
}

export type Activities = ReturnType<typeof createActivities>;

function translated<Input, Output>(work: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return async (input) => {
    try {
      return await work(input);
    } catch (error) {
      throw toApplicationFailure(error);
    }
  };
}
