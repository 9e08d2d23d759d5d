import pg from 'pg';

/** Whether the process in this container does its work; for HEALTHCHECK, which knows exit codes alone. */
const checks = { api: apiAnswers, worker: workerPolls, relay: relayListens };
const usage = `node deploy/check-health.ts ${Object.keys(checks).join(' | ')}`;

const [role = ''] = process.argv.slice(2);
if (role === '--help' || !isRole(role)) {
  console.error(usage);
  process.exit(role === '--help' ? 0 : 2);
}
const isHealthy = await checks[role]().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return false;
});
process.exit(isHealthy ? 0 : 1);

function isRole(name: string): name is keyof typeof checks {
  return Object.hasOwn(checks, name);
}

async function apiAnswers(): Promise<boolean> {
  return (await ask(`http://127.0.0.1:${process.env['PORT'] ?? '8000'}/healthz`)) !== null;
}

/** Its own metrics say how many pollers it has; a worker that is shutting down has none. */
async function workerPolls(): Promise<boolean> {
  const metrics = await ask(`http://127.0.0.1:${process.env['WORKER_METRICS_PORT'] ?? '9464'}/metrics`);
  const pollers = metrics?.matchAll(/^temporal_num_pollers\{.*\} (\d+)/gm) ?? [];
  return [...pollers].some((found) => Number(found[1]) > 0);
}

/** The connection it listens on comes from the address that this one comes from. */
async function relayListens(): Promise<boolean> {
  const client = new pg.Client({ connectionString: process.env['DATABASE_URL'], connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `select 1 from pg_stat_activity
       where datname = current_database() and query ilike 'listen %' and client_addr = inet_client_addr()`,
    );
    return rowCount !== null && rowCount > 0;
  } finally {
    await client.end();
  }
}

async function ask(url: string): Promise<string | null> {
  const response = await fetch(url, { signal: AbortSignal.timeout(3_000) });
  const text = await response.text();
  return response.ok ? text : null;
}
