import express, { type Express } from 'express';
import pg from 'pg';

/** What a bare endpoint works on, and how it is left. */
export interface Bare {
  readonly app: Express;
  readonly pool: pg.Pool;
}

/**
 * A process with one endpoint and a pool on the database of `BENCH_DATABASE_URL`; it tells its port to who forked it.
 *
 * @param cleanUp Before it ends.
 */
export async function serveBare(
  prepare: (bare: Bare) => Promise<void> | void,
  cleanUp: (pool: pg.Pool) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const databaseUrl = process.env['BENCH_DATABASE_URL'];
  if (databaseUrl === undefined) throw new Error('started by hand?');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 20 });
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  await prepare({ app, pool });
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' && address !== null ? address.port : 0);
  });
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await cleanUp(pool);
    await pool.end();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
}
