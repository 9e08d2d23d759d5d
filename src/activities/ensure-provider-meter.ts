import { MeterEntity, ProviderMeterEntity } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import { aggregationThere } from '../domain/usage/biller.ts';
import type { UsageOperations } from '../providers/port-catalog.ts';
import { callKey } from './call-key.ts';

/**
 * The provider's id of a meter, which is made there where it is missing. Safe to repeat.
 *
 * @throws {BillingError} what the adapter throws: `meter_conflict` (conflict), `not_supported_by_provider` (invalid)
 */
export async function ensureProviderMeter(
  em: Db,
  usage: UsageOperations,
  ref: { readonly projectId: string; readonly live: boolean; readonly provider: string; readonly meterId: string },
): Promise<string> {
  const { projectId, live, provider, meterId } = ref;
  const known = await em.findOne(ProviderMeterEntity, { meterId, provider, projectId, live });
  if (known) return known.providerMeterId;
  const meter = await em.findOneOrFail(MeterEntity, { id: meterId, projectId, live });
  const aggregation = aggregationThere(meter.aggregation);
  const { providerMeterId } = await usage.ensureMeter({
    ...{ meterId, name: meter.name, eventName: meter.key, aggregation },
    property: aggregation === 'unique' ? 'value' : 'quantity',
    idempotencyKey: callKey({ projectId, operation: 'usage.ensureMeter', businessId: meterId, provider }),
  });
  await em.execute(
    `insert into provider_meters (meter_id, provider, provider_meter_id, project_id, live) values (?, ?, ?, ?, ?)
     on conflict (meter_id, provider) do nothing`,
    [meterId, provider, providerMeterId, projectId, live],
    'run',
  );
  return providerMeterId;
}
