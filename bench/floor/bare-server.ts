import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';
import pg from 'pg';

/** The least a webhook endpoint can do: raw body, one HMAC-SHA256, one insert. Started by `startBareServer`. */
const databaseUrl = process.env['BENCH_DATABASE_URL'];
const secret = process.env['BENCH_SECRET'];
if (databaseUrl === undefined || secret === undefined) throw new Error('started by hand?');
const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
await pool.query('create schema if not exists bench');
await pool.query('drop table if exists bench.inbox');
await pool.query('create table bench.inbox (event_id text primary key, body bytea, at timestamptz default now())');

const app = express();
app.disable('x-powered-by');
app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
app.post('/webhook', express.raw({ type: () => true, limit: '1mb' }), async (request, response) => {
  const body: unknown = request.body;
  const id = request.get('x-event-id');
  const given = Buffer.from(request.get('x-signature') ?? '', 'hex');
  if (!Buffer.isBuffer(body) || id === undefined) return void response.sendStatus(400);
  const expected = createHmac('sha256', secret).update(body).digest();
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return void response.sendStatus(401);
  await pool.query('insert into bench.inbox (event_id, body) values ($1, $2) on conflict do nothing', [id, body]);
  response.json({ status: 'accepted' });
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
});
process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  server.closeAllConnections();
  server.close();
  await pool.query('drop schema bench cascade');
  await pool.end();
  process.exit(0);
}
