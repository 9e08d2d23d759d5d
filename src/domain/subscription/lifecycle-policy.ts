/** How a project treats trials, late payers and disputes. Days count from the instant that each is about. */
export interface LifecyclePolicy {
  /** A notice this many days before a trial ends; 0: none. */
  readonly trialNoticeDays: number;
  /** How long a late payer may go on; afterwards the subscription is ended at the provider. */
  readonly graceDays: number;
  /** On which days of the grace the app is told to remind the customer; rising. */
  readonly reminderDays: readonly number[];
  /** What a late payer has during the grace. */
  readonly pastDueAccess: 'keep' | 'revoke';
  /** What an organization has while its bank asks the money back. */
  readonly disputeAccess: 'keep' | 'revoke';
  /** Where no provider renews (cash, bank transfer): the next period's voucher is issued this long ahead of it. */
  readonly voucherLeadDays: number;
}

export const defaultLifecyclePolicy: LifecyclePolicy = {
  trialNoticeDays: 3,
  graceDays: 14,
  reminderDays: [0, 3, 7, 12],
  pastDueAccess: 'keep',
  disputeAccess: 'revoke',
  voucherLeadDays: 5,
};
