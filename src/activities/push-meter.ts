import { MeterEntity, ProviderMeterEntity, type Meter } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { BillingError } from '../domain/errors.ts';
import { meterPush, providerAggregation, providerProperty, type MeterStep } from '../domain/usage/meter-push.ts';
import type { ProviderClient } from '../providers/port.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';

type Usage = NonNullable<ProviderClient['usage']>;

export interface PushMeterInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly meterId: string;
  readonly dryRun: boolean;
}

/** Meters in a page of a provider's list. */
const pageSize = 100;

/** Brings one meter of ours to one provider, or says what that would do. Safe to repeat. */
export function createPushMeter(deps: ActivityDeps) {
  return async function pushMeter(input: PushMeterInput): Promise<MeterStep> {
    const { projectId, live, provider, meterId } = input;
    const em = deps.orm.em.fork();
    const meter = await em.findOneOrFail(MeterEntity, { projectId, live, id: meterId });
    const step = { meterId, meterKey: meter.key, provider };
    const { usage } = (await accountOf(deps, projectId, live, provider)).client;
    const mapping = await em.findOne(ProviderMeterEntity, { meterId, provider });
    const decided = meterPush({
      ...{ aggregation: meter.aggregation, isActive: meter.status === 'active' },
      ...{ supported: usage?.limits.aggregations ?? null, isMapped: mapping !== null },
      isThere: usage !== undefined && mapping !== null && (await isThere(usage, mapping.providerMeterId)),
    });
    if (input.dryRun || !usage || decided.action !== 'create') return { ...step, ...decided };
    try {
      await ensureProviderMeter(em, usage, meter, provider);
      return { ...step, ...decided };
    } catch (error) {
      if (!(error instanceof BillingError) || error.code !== 'meter_conflict') throw error;
      return { ...step, action: 'conflict', because: error.message };
    }
  };
}

/** Which meters of a project and mode could be pushed, in the order people read them. */
export function createListMeters(deps: ActivityDeps) {
  return async function listMeters(input: {
    readonly projectId: string;
    readonly live: boolean;
  }): Promise<readonly string[]> {
    const { projectId, live } = input;
    const query = { fields: ['id'], orderBy: { key: 'asc' } } as const;
    const rows = await deps.orm.em.fork().find(MeterEntity, { projectId, live, status: 'active' }, query);
    return rows.map(({ id }) => id);
  };
}

/**
 * Creates or finds a meter at a provider, and keeps what it is called there.
 *
 * @returns the provider's id.
 * @throws {BillingError} `meter_conflict` (conflict): the provider counts these events in another way
 */
export async function ensureProviderMeter(em: Db, usage: Usage, meter: Meter, provider: string): Promise<string> {
  const { id: meterId, projectId, live, key, name } = meter;
  const { providerMeterId } = await usage.ensureMeter({
    ...{ meterId, name, eventName: key, property: providerProperty(meter.aggregation) },
    aggregation: providerAggregation(meter.aggregation),
    idempotencyKey: callKey({ projectId, operation: 'usage.ensureMeter', businessId: meterId, provider }),
  });
  const before = await em.findOne(ProviderMeterEntity, { meterId, provider });
  if (before?.providerMeterId === providerMeterId) return providerMeterId;
  const now = new Date();
  await em.transactional(async (tx) => {
    await tx.upsert(ProviderMeterEntity, {
      ...{ meterId, provider, providerMeterId, projectId, live, createdAt: now, updatedAt: now },
    });
    recordAudit(tx, {
      ...{ projectId, live, actor: 'push-meters', action: 'meter.pushed', detail: `to ${provider}` },
      ...{ entityKind: 'meter', entityId: meterId, after: { provider_meter_id: providerMeterId } },
      before: before && { provider_meter_id: before.providerMeterId },
    });
  });
  return providerMeterId;
}

async function isThere(usage: Usage, providerMeterId: string): Promise<boolean> {
  for (let cursor: string | null = null; ;) {
    const page: Awaited<ReturnType<Usage['listMeters']>> = await usage.listMeters({ cursor, limit: pageSize });
    const found = page.items.find((meter) => meter.providerMeterId === providerMeterId);
    if (found) return found.isActive;
    if (page.nextCursor === null) return false;
    cursor = page.nextCursor;
  }
}
