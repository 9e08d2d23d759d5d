import type { RequestHandler } from 'express';
import type { ProviderId } from '../core/types.ts';

/** One request to a stand-in, without what it carried. */
export interface LoggedRequest {
  provider: ProviderId;
  /** Wall time of its arrival. */
  at: string;
  method: string;
  path: string;
  /** null: it was never answered. */
  status: number | null;
  /** From its arrival to the end of the answer, or of the connection. */
  duration_ms: number;
}

export interface RequestLog {
  record(provider: ProviderId): RequestHandler;
  list(provider?: ProviderId): LoggedRequest[];
}

const KEPT = 5000;

/** The latest requests, in memory only: what an application sent, and how long its provider really took. */
export function createRequestLog(): RequestLog {
  const requests: LoggedRequest[] = [];
  return {
    record: (provider) => (request, response, next) => {
      const at = new Date().toISOString();
      const startedAt = performance.now();
      const path = request.originalUrl.split('?')[0] ?? '';
      let ended = false;
      const end = (status: number | null): void => {
        if (ended) return;
        ended = true;
        requests.push({
          provider,
          at,
          method: request.method,
          path,
          status,
          duration_ms: performance.now() - startedAt,
        });
        if (requests.length > KEPT) requests.shift();
      };
      response.once('finish', () => end(response.statusCode));
      response.once('close', () => end(null));
      next();
    },
    list: (provider) => requests.filter((request) => provider === undefined || request.provider === provider),
  };
}
