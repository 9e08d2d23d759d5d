import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { describeFaults, loadConfig } from '../config.ts';
import { createKeyRing } from '../crypto/key-ring.ts';
import { openOrm } from '../db/orm.ts';
import { createGuardedAgent } from '../egress/guarded-agent.ts';
import { createLogger } from '../logger.ts';
import { courierLimits } from './relay/deliver-outbound.ts';
import { runRelay } from './relay/run-relay.ts';

const loaded = loadConfig(process.env);
if (!('config' in loaded)) {
  console.error(describeFaults(loaded.faults));
  process.exit(1);
}
const { config } = loaded;
const logger = createLogger({ level: config.logLevel, process: 'relay' });
const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const orm = await openOrm(config.databaseUrl, { poolSize: config.databasePoolSize });
// Lazy: a relay that starts while the engine is away waits for it with its events safe in the inbox.
const connection = Connection.lazy(connectionOptions);
const temporal = new Client({ connection, namespace });

const em = () => orm.em.fork();
const keyRing = config.encryptionKeys && createKeyRing(config.encryptionKeys);
const agent = createGuardedAgent(config.egress, { connectTimeoutMs: courierLimits.timeoutMs });
const outbound = keyRing && { em, keyRing, agent, rules: config.egress, logger };
const relay = runRelay({ em, temporal, logger }, outbound, config.databaseUrl);
logger.info({ outbound: outbound !== null }, 'relay is forwarding webhooks');

const stop = async () => {
  await relay.stop();
  await agent.close();
  await connection.close();
  await orm.close();
  logger.info('relay has stopped');
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
