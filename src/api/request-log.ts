import type { RequestHandler } from 'express';
import { findCaller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { requestIdOf } from './request-id.ts';

/** One line and one measurement per request: the route's pattern, never what was sent. */
export function createRequestLog(deps: Pick<ApiDeps, 'logger' | 'metrics'>): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.on('finish', () => {
      const durationMs = performance.now() - startedAt;
      const route = routeOf(request.baseUrl, request.route);
      const status = response.statusCode;
      deps.metrics.requests.observe({ method: request.method, route, status: String(status) }, durationMs / 1_000);
      const caller = findCaller(request);
      const line = {
        request_id: requestIdOf(request),
        method: request.method,
        route,
        status,
        duration_ms: Math.round(durationMs * 10) / 10,
        project: caller?.projectId ?? null,
        key: caller?.keyId ?? null,
      };
      // Probes tell by their status; whoever asks them raises the alarm.
      if (status >= 500 && route !== '/readyz') deps.logger.warn(line, 'answered');
      else deps.logger.info(line, 'answered');
    });
    next();
  };
}

/** Express types `request.route` as anything. */
function routeOf(baseUrl: string, route: unknown): string {
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : null;
  return typeof path === 'string' ? `${baseUrl}${path}` : 'none';
}
