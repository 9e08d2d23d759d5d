import type { Router } from 'express';
import { presentMeterPush } from '../../present/meter.ts';
import type { ApiDeps } from '../deps.ts';
import { pushMetersBody } from '../schemas/meter.ts';
import { createPushRoutes } from './pushes.ts';

/** Our meters, created at the providers that have any. */
export function createMeterPushRoutes(deps: ApiDeps): Router {
  return createPushRoutes(deps, {
    ...{ path: '/ops/meters/push', body: pushMetersBody, operation: 'usage.ensureMeter' },
    audited: { action: 'meters.pushed', entityKind: 'meter_push' },
    start: (id, input) => deps.temporal.pushMeters(id, input),
    read: (id, projectId, live) => deps.temporal.readMeterPush(id, projectId, live),
    present: presentMeterPush,
  });
}
