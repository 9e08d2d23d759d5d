import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { TemporalBinaries } from './cluster-binaries.ts';
import type { PortChooser } from './ports.ts';
import type { ChildSpec, Supervisor } from './supervisor.ts';
import { waitUntil } from './wait-until.ts';

/** Fixed for the life of the databases; docker-compose.yml has the same. */
const HISTORY_SHARDS = 512;
const RETENTION = '30 days';
/** The one that docker-compose.yml mounts. */
const DYNAMIC_CONFIG = join(import.meta.dirname, '..', '..', 'deploy', 'temporal', 'dynamic-config.yaml');
const SCHEMAS = { temporal: 'temporal', temporal_visibility: 'visibility' };

/** The server keeps its ports in a smallint. */
const HIGHEST_PORT = 32_767;
/** Those that only the services themselves use among each other. */
const SERVICE_PORTS = {
  FRONTEND_HTTP_PORT: 17_243,
  FRONTEND_MEMBERSHIP_PORT: 16_933,
  HISTORY_GRPC_PORT: 17_234,
  HISTORY_MEMBERSHIP_PORT: 16_934,
  MATCHING_GRPC_PORT: 17_235,
  MATCHING_MEMBERSHIP_PORT: 16_935,
  WORKER_GRPC_PORT: 17_239,
  WORKER_MEMBERSHIP_PORT: 16_939,
};

/** Brings both databases to the schema of the tool's version: made if missing, upgraded if old. */
export async function keepTemporalSchema(supervisor: Supervisor, sql: string, postgres: URL): Promise<void> {
  for (const [database, schema] of Object.entries(SCHEMAS)) {
    const place = ['--pl', 'postgres12', '--ep', postgres.hostname, '-p', postgres.port, '--db', database];
    const sqlTool = async (name: string, ...args: string[]) => {
      const task: Omit<ChildSpec, 'stage'> = {
        name: `${database}-${name}`,
        command: sql,
        args: [...place, name, ...args],
        env: { ...process.env, SQL_USER: postgres.username, SQL_PASSWORD: decodeURIComponent(postgres.password) },
        show: () => null, // it tells each statement; if one fails, the error tells which
      };
      await supervisor.run(task);
    };
    await sqlTool('create-database');
    await sqlTool('setup-schema', '-v', '0.0');
    await sqlTool('update-schema', '--schema-name', `postgresql/v12/${schema}`);
  }
}

/** The server as production has it, but for its size: its four services in one process, on the loopback address. */
export async function temporalClusterSpec(input: {
  readonly binaries: TemporalBinaries;
  readonly postgres: URL;
  readonly port: number;
  readonly namespace: string;
  readonly stage: number;
  readonly choosePort: PortChooser;
}): Promise<ChildSpec> {
  const { binaries, postgres, port, namespace, stage, choosePort } = input;
  const ports: Record<string, string> = {};
  for (const [name, usual] of Object.entries(SERVICE_PORTS)) ports[name] = String(await choosePort(name, usual));
  if (port > HIGHEST_PORT) throw new Error(`TEMPORAL_PORT must be at most ${HIGHEST_PORT}, not ${port}`);
  return {
    name: 'temporal',
    stage,
    command: binaries.server,
    args: ['start'],
    env: {
      ...process.env,
      ...ports,
      DB: 'postgres12',
      POSTGRES_SEEDS: postgres.hostname,
      DB_PORT: postgres.port,
      POSTGRES_USER: postgres.username,
      POSTGRES_PWD: decodeURIComponent(postgres.password),
      NUM_HISTORY_SHARDS: String(HISTORY_SHARDS),
      BIND_ON_IP: '127.0.0.1',
      FRONTEND_GRPC_PORT: String(port),
      DYNAMIC_CONFIG_FILE_PATH: DYNAMIC_CONFIG,
      LOG_LEVEL: 'warn',
    },
    // It tells everything as JSON, each lost race for a shard too: only what ends a server is for the terminal.
    show: (line) => (/"level":"fatal"|^panic:|^Unable/.test(line) ? line.slice(0, 300) : null),
    isReady: ({ signal }) =>
      waitUntil(() => keepNamespace(`127.0.0.1:${port}`, namespace), {
        what: 'the Temporal server',
        signal,
        everyMs: 250,
      }),
  };
}

/** Makes the namespace where it is missing. @returns true when it is there and known to the server's caches. */
async function keepNamespace(address: string, namespace: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    const { namespaces } = await connection.workflowService.listNamespaces({ pageSize: 100 });
    if (namespaces.some(({ namespaceInfo }) => namespaceInfo?.name === namespace)) {
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      return true;
    }
    const workflowExecutionRetentionPeriod = msToTs(RETENTION);
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    return false;
  } finally {
    await connection.close();
  }
}
