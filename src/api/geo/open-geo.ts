import type { Config } from '../../config.ts';
import { createGuardedAgent } from '../../egress/guarded-agent.ts';
import type { Logger } from '../../logger.ts';
import { createAskServices } from './ask-services.ts';
import { createGeoLookup, type GeoLookup } from './geo-lookup.ts';
import { geoServices } from './http-services.ts';
import { openOfflineDatabase } from './offline-database.ts';

const connectTimeoutMs = 400;
/** What a checkout may wait for its country. */
const patienceMs = 800;

/**
 * The file, and the services that are switched on. Without a file the country is learnt from the request only.
 *
 * @param timeoutMs For all services together.
 */
export async function openGeo(
  config: Pick<Config, 'geoDatabasePath' | 'geoServices' | 'egress'>,
  logger: Logger,
  timeoutMs = patienceMs,
): Promise<GeoLookup> {
  const database = await openOfflineDatabase({ path: config.geoDatabasePath, logger });
  if (config.geoServices.length === 0)
    return createGeoLookup({ database, ask: null, close: async () => database.close() });
  if (config.geoServices.some(({ id }) => id === 'ip-api.com'))
    logger.warn('ip-api.com is asked without TLS, and its free tier allows no commercial use: for trials only');
  const agent = createGuardedAgent(config.egress, { connectTimeoutMs });
  const services = config.geoServices.map(({ baseUrl, id, key }) => {
    const service = geoServices[id];
    return { service, baseUrl: baseUrl ?? service.defaultBaseUrl, key };
  });
  return createGeoLookup({
    database,
    ask: createAskServices({ services, dispatcher: agent, logger, timeoutMs }),
    close: async () => {
      database.close();
      await agent.close();
    },
  });
}
