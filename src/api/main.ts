import type { Server } from 'node:http';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Client, Connection } from '@temporalio/client';
import { describeFaults, loadConfig, printableConfig } from '../config.ts';
import { createKeyRing } from '../crypto/key-ring.ts';
import { openOrm } from '../db/orm.ts';
import { openLimitReader } from '../db/queries/limits.ts';
import { openEventInbox } from '../db/queries/provider-events.ts';
import { createProviderHealth } from '../health/create-provider-health.ts';
import { createLogger, type Logger } from '../logger.ts';
import { abilitiesByProvider, loadPolicies } from '../policies.ts';
import { abilitiesOf, createAccounts, providerIds } from '../providers/accounts.ts';
import { createProviderDirectory } from '../providers/directory.ts';
import { createAccountLoader } from '../stored-accounts.ts';
import { createApp } from './app.ts';
import { openGeo } from './geo/open-geo.ts';
import { createMetrics } from './metrics.ts';
import { createProjectRules } from './routing/project-rules.ts';
import { createTemporalGateway } from './temporal.ts';
import { createTokenVerifier } from './user-tokens.ts';

/** The API makes no provider calls; the directory needs the setting all the same. */
const providerTimeoutMs = 4_000;
const shutdownPatienceMs = 10_000;
/** An import of usage streams for as long as it needs; headers still have a minute. */
const requestTimeoutMs = 3_600_000;

await main();

async function main(): Promise<void> {
  const loaded = loadConfig(process.env);
  const http = { timeoutMs: providerTimeoutMs };
  const policyDirectory = new URL('../../policies', import.meta.url).pathname;
  const { policies, faults } = loadPolicies({
    directory: policyDirectory,
    abilities: abilitiesByProvider({ ids: providerIds, abilities: abilitiesOf }),
  });
  const allFaults = [
    ...('faults' in loaded ? loaded.faults : []),
    ...createAccounts(process.env, () => http).faults,
    ...faults,
  ];
  if ('faults' in loaded || allFaults.length > 0) {
    console.error(describeFaults(allFaults));
    process.exit(1);
  }
  const { config } = loaded;
  const logger = createLogger({ level: config.logLevel, process: 'api' });
  const orm = await openOrm(config.databaseUrl, { poolSize: config.databasePoolSize });
  const keyRing = config.encryptionKeys && createKeyRing(config.encryptionKeys);
  const health = createProviderHealth({ orm, logger });
  const inbox = openEventInbox(config.databaseUrl);
  const limits = openLimitReader(config.databaseUrl);
  const temporal = loadClientConnectConfig();
  // Lazy: the API answers 202 while Temporal is away, at its start too.
  const connection = Connection.lazy(temporal.connectionOptions);
  const client = new Client({ connection, namespace: temporal.namespace ?? 'default' });
  const geo = await openGeo(config, logger);
  const app = createApp({
    ...{ orm, inbox, limits, policies, logger, health, rules: createProjectRules({ orm, policies }) },
    providers: createProviderDirectory({
      env: process.env,
      http: ({ rateLimit, ...account }) => health.http(account, { ...http, rateLimit, priority: 'foreground' }),
      loadAccounts: createAccountLoader({ orm, keyRing, logger }),
      onFault: (project, provider, account) =>
        logger.error({ project, provider, faults: account }, 'an account is left out: its credentials are not right'),
    }),
    temporal: createTemporalGateway(client),
    geo,
    keyRing,
    egress: config.egress,
    verifyUserToken: config.jwt && createTokenVerifier(config.jwt),
    metrics: createMetrics({ withDefaults: true }),
    settings: { ...config, isProduction: config.environment === 'production' },
  });
  const server = app.listen(config.port, (error) => {
    if (error) throw error;
    logger.info({ config: printableConfig(config) }, 'the API listens');
  });
  server.requestTimeout = requestTimeoutMs;
  closeOnSignal(server, logger, async () => {
    await health.close();
    await Promise.allSettled([inbox.close(), limits.close(), connection.close(), orm.close(), geo.close()]);
  });
}

/** Takes no new requests, finishes those in flight, then closes what they used. A second signal ends at once. */
function closeOnSignal(server: Server, logger: Logger, close: () => Promise<void>): void {
  let isClosing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (isClosing) process.exit(1);
    isClosing = true;
    logger.info({ signal }, 'the API stops');
    const force = setTimeout(() => server.closeAllConnections(), shutdownPatienceMs);
    server.close(() => {
      clearTimeout(force);
      void close().then(() => process.exit(0));
    });
    server.closeIdleConnections();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
