import { Router } from 'express';
import type { ApiDeps } from '../deps.ts';
import { createTtlCache } from '../ttl-cache.ts';

/** `/healthz`, `/readyz` and `/metrics`: for orchestrators, without a key. */
export function createHealthRoutes(deps: ApiDeps): Router {
  const router = Router();
  const readiness = createTtlCache<readonly string[]>({ ttlMs: 1_000, maxEntries: 1 });
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' });
  });
  router.get('/readyz', async (_request, response) => {
    const missing = await readiness.get('missing', () => findMissing(deps));
    response.status(missing.length === 0 ? 200 : 503);
    response.json({ status: missing.length === 0 ? 'ready' : 'not_ready', missing });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.registry.contentType).send(await deps.metrics.registry.metrics());
  });
  return router;
}

async function findMissing(deps: ApiDeps): Promise<readonly string[]> {
  const [database, temporal] = await Promise.all([findDatabase(deps), deps.temporal.missing()]);
  return [...database, ...temporal];
}

async function findDatabase(deps: ApiDeps): Promise<readonly string[]> {
  try {
    await deps.orm.em.fork().execute('select 1');
    return [];
  } catch {
    return ['database'];
  }
}
