import type { ApiKey, Project, ProviderAccountRow } from '../db/entities/project.ts';
import type { z } from 'zod';
import { defaultLifecyclePolicy, type LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';
import type { PushReport } from '../workflows/messages.ts';
import type { planPush } from '../api/schemas/project.ts';
import type { ApiKeyAnswer, ProjectAnswer, ProviderAccountAnswer } from '../api/schemas/project.ts';
import { isoOrNull } from './values.ts';

export function presentProject(row: Project): ProjectAnswer {
  return {
    id: row.id,
    name: row.name,
    default_currency: row.defaultCurrency,
    default_success_url: row.defaultSuccessUrl,
    default_cancel_url: row.defaultCancelUrl,
    default_phone: row.defaultPhone,
    allowed_origins: [...row.allowedOrigins],
    routing_policy: row.routingPolicy,
    lifecycle_policy: presentLifecyclePolicy({ ...defaultLifecyclePolicy, ...row.lifecyclePolicy }),
    usage_report_minutes: row.usageReportMinutes,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

function presentLifecyclePolicy(policy: LifecyclePolicy): ProjectAnswer['lifecycle_policy'] {
  return {
    trial_notice_days: policy.trialNoticeDays,
    grace_days: policy.graceDays,
    reminder_days: [...policy.reminderDays],
    past_due_access: policy.pastDueAccess,
    dispute_access: policy.disputeAccess,
    voucher_lead_days: policy.voucherLeadDays,
  };
}

export function presentApiKey(row: ApiKey): ApiKeyAnswer {
  return {
    id: row.id,
    project_id: row.projectId,
    kind: row.kind,
    live: row.live,
    name: row.name,
    scopes: [...row.scopes],
    created_at: row.createdAt.toISOString(),
    revoked_at: isoOrNull(row.revokedAt),
  };
}

/** Which keys are set, never their values. */
export function presentProviderAccount(row: ProviderAccountRow, publicUrl: string): ProviderAccountAnswer {
  return {
    project_id: row.projectId,
    provider: row.provider,
    live: row.live,
    source: 'stored',
    credentials: [...row.credentialKeys],
    version: row.version,
    provider_account_id: row.providerAccountId,
    name: row.providerAccountName,
    webhook_url: webhookUrl(publicUrl, row.projectId, row.provider),
    webhook_endpoint_id: row.webhookEndpointId,
    checked_at: isoOrNull(row.checkedAt),
    check_error: row.checkError,
    updated_at: row.updatedAt.toISOString(),
  };
}

export function webhookUrl(publicUrl: string, projectId: string, provider: string): string {
  return `${publicUrl}/api/v1/webhooks/${provider}/${projectId}`;
}

export function presentPush(id: string, report: PushReport): z.output<typeof planPush> {
  const all = [...report.steps, ...report.benefits];
  const changes = all.filter(({ action }) => action === 'create' || action === 'update').length;
  const conflicts = report.steps.filter(({ action }) => action === 'conflict').length;
  const done = report.dryRun ? 'would change' : 'changed';
  return {
    id,
    status: report.isDone ? 'done' : 'running',
    dry_run: report.dryRun,
    why: `${all.length} of ${report.expected} looked at, ${changes} ${done}, ${conflicts} need a person`,
    steps: report.steps.map(({ priceId, planKey, provider, action, because }) => ({
      price_id: priceId,
      plan: planKey,
      provider,
      action,
      why: because,
    })),
    benefits: report.benefits.map(({ benefitId, planKey, provider, action, because }) => ({
      ...{ benefit_id: benefitId, plan: planKey, provider, action, why: because },
    })),
  };
}
