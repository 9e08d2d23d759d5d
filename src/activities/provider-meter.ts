import { MeterEntity, ProviderMeterEntity } from '../db/entities/usage.ts';
import type { Db } from '../db/orm.ts';
import type { UsageOperations } from '../providers/port-catalog.ts';
import { ensureProviderMeter } from './push-meter.ts';

/**
 * The provider's id of a meter, which is made there where nobody has pushed it. Safe to repeat.
 *
 * @throws {BillingError} what the adapter throws: `meter_conflict` (conflict), `not_supported_by_provider` (invalid)
 */
export async function providerMeterOf(
  em: Db,
  usage: UsageOperations,
  ref: { readonly projectId: string; readonly live: boolean; readonly provider: string; readonly meterId: string },
): Promise<string> {
  const { projectId, live, provider, meterId } = ref;
  const known = await em.findOne(ProviderMeterEntity, { meterId, provider, projectId, live });
  if (known) return known.providerMeterId;
  const meter = await em.findOneOrFail(MeterEntity, { id: meterId, projectId, live });
  return ensureProviderMeter(em, usage, meter, provider);
}
