import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { describeFaults, loadConfig } from '../config.ts';
import { openOrm } from '../db/orm.ts';
import { createLogger } from '../logger.ts';
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

const relay = runRelay({ em: () => orm.em.fork(), temporal, logger }, config.databaseUrl);
logger.info('relay is forwarding webhooks');

const stop = async () => {
  await relay.stop();
  await connection.close();
  await orm.close();
  logger.info('relay has stopped');
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
