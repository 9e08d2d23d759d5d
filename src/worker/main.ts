import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime } from '@temporalio/worker';
import { describeFaults, loadConfig } from '../config.ts';
import { createKeyRing } from '../crypto/key-ring.ts';
import { openOrm } from '../db/orm.ts';
import type { Priority } from '../domain/health/budget.ts';
import { createProviderHealth } from '../health/create-provider-health.ts';
import { createLogger } from '../logger.ts';
import { createAccounts, operationsOf, providerIds } from '../providers/accounts.ts';
import { createProviderDirectory } from '../providers/directory.ts';
import { createAccountLoader } from '../stored-accounts.ts';
import { createWorkers } from './create-workers.ts';
import { ensureSchedules } from './ensure-schedules.ts';
import { ensureSearchAttributes } from './ensure-search-attributes.ts';
import { temporalLogger } from './temporal-logger.ts';
import { loadWorkerConfig } from './worker-config.ts';
import { workflowBundle } from './workflow-bundle.ts';

const loaded = loadConfig(process.env);
const loadedWorker = loadWorkerConfig(process.env);
const workerConfig = 'config' in loadedWorker ? loadedWorker.config : null;
const http = { timeoutMs: workerConfig?.PROVIDER_TIMEOUT_MS ?? 4_000 };
const { faults: accountFaults } = createAccounts(process.env, () => http);
if (!('config' in loaded) || workerConfig === null || accountFaults.length > 0) {
  const faults = [loaded, loadedWorker].flatMap((part) => ('faults' in part ? part.faults : []));
  console.error(describeFaults([...faults, ...accountFaults]));
  process.exit(1);
}
const { config } = loaded;
const logger = createLogger({ level: config.logLevel, process: 'worker' });

const metricsPort = workerConfig.WORKER_METRICS_PORT;
Runtime.install({
  logger: temporalLogger(logger),
  shutdownSignals: [],
  telemetryOptions: {
    logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} },
    ...(metricsPort === undefined ? {} : { metrics: { prometheus: { bindAddress: `0.0.0.0:${metricsPort}` } } }),
  },
});

const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
const keyRing = config.encryptionKeys && createKeyRing(config.encryptionKeys);
const bundling = workflowBundle(workerConfig.WORKFLOW_BUNDLE);
const orm = await openOrm(config.databaseUrl, { poolSize: config.databasePoolSize });
const health = createProviderHealth({ orm, logger });
await health.sync();
const providersFor = (priority: Priority) =>
  createProviderDirectory({
    env: process.env,
    http: ({ rateLimit, ...account }) => health.http(account, { ...http, rateLimit, priority }),
    loadAccounts: createAccountLoader({ orm, keyRing, logger }),
    onFault: (project, provider, faults) =>
      logger.error({ project, provider, faults }, 'an account is left out: its credentials are not right'),
  });
const control = await Connection.connect(connectionOptions);
logger.info({ search_attributes: await ensureSearchAttributes(control, namespace) }, 'connected to Temporal');
const able = (operation: string) => providerIds().filter((id) => operationsOf(id).includes(operation));
const byTheClock = { withDisputes: able('disputes.list'), withChanges: able('changes.list') };
await ensureSchedules(new Client({ connection: control, namespace }), byTheClock);
await control.close();
const connection = await NativeConnection.connect({ ...connectionOptions, grpcCompression: { codec: 'none' } });
const workers = await createWorkers({
  connection,
  namespace,
  workflowBundle: await bundling,
  deps: {
    orm,
    keyRing,
    health,
    providers: providersFor('foreground'),
    background: providersFor('background'),
    lookGapsMs: workerConfig.CHECKOUT_LOOK_GAPS,
    maxCallsInFlight: workerConfig.PROVIDER_CALLS_IN_FLIGHT,
    publicUrl: config.publicUrl,
    reconciliationGraceMs: workerConfig.RECONCILIATION_GRACE,
  },
});

const stop = () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
logger.info({ queues: workers.map((worker) => worker.options.taskQueue) }, 'worker is polling');
await Promise.all(workers.map((worker) => worker.run()));
await connection.close();
await health.close();
await orm.close();
logger.info('worker has stopped');
