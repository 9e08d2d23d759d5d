import { defaultLifecyclePolicy, type LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import { fieldRefusal } from './error-codes.ts';
import type { LifecyclePolicyChanges } from './schemas/project.ts';

/**
 * What a project's policy becomes: its own entries, changed by those that are given.
 *
 * @throws {BillingError} `validation_failed` for a reminder that would come after the grace
 */
export function changedLifecyclePolicy(
  own: Partial<LifecyclePolicy>,
  changes: LifecyclePolicyChanges,
): Partial<LifecyclePolicy> {
  const changed: Partial<LifecyclePolicy> = {
    ...own,
    ...(changes.trial_notice_days !== undefined && { trialNoticeDays: changes.trial_notice_days }),
    ...(changes.grace_days !== undefined && { graceDays: changes.grace_days }),
    ...(changes.reminder_days !== undefined && { reminderDays: changes.reminder_days }),
    ...(changes.past_due_access !== undefined && { pastDueAccess: changes.past_due_access }),
    ...(changes.dispute_access !== undefined && { disputeAccess: changes.dispute_access }),
    ...(changes.voucher_lead_days !== undefined && { voucherLeadDays: changes.voucher_lead_days }),
  };
  const { graceDays, reminderDays } = { ...defaultLifecyclePolicy, ...changed };
  const last = reminderDays.at(-1);
  if (last !== undefined && last >= graceDays)
    throw fieldRefusal(
      'validation_failed',
      '/lifecycle_policy/reminder_days',
      `The last reminder (day ${last}) must come before the grace ends (day ${graceDays}); change both together.`,
    );
  return changed;
}
