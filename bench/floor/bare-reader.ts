import express from 'express';
import pg from 'pg';

/** The least an access check can do: one prepared read of one row, nobody asked who they are. Started by `startBareReader`. */
const databaseUrl = process.env['BENCH_DATABASE_URL'];
if (databaseUrl === undefined) throw new Error('started by hand?');
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
const query = {
  name: 'bench-access-floor',
  text: `select source_id, is_allowed, reason from entitlements
    where project_id = $1 and live = $2 and organization_id = $3 limit 1`,
};

const app = express();
app.disable('x-powered-by');
app.set('etag', false);
app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
app.get('/access', async (request, response) => {
  const organizationId: unknown = request.query['organization_id'];
  const { rows } = await pool.query({ ...query, values: ['default', false, organizationId] });
  response.json({ allowed: rows.length > 0 });
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  server.closeAllConnections();
  server.close();
  await pool.end();
  process.exit(0);
}
