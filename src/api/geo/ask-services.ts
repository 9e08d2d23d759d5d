import { LRUCache } from 'lru-cache';
import { request, type Dispatcher } from 'undici';
import type { GeoServiceId } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import type { GeoService, ServiceAnswer } from './http-services.ts';
import { networkOf } from './public-ip.ts';
import { createServiceGate, type ServiceGate } from './service-gate.ts';

export interface AskedService {
  readonly service: GeoService;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly key: string | null;
}

/** `service`: who named the country; null: nobody did. */
export interface ServiceFinding {
  readonly country: string | null;
  readonly service: GeoServiceId | null;
  /** Every service asked was able to answer. */
  readonly isSure: boolean;
}

export interface AskServices {
  /**
   * Asks one service after the other until one names the country. Never throws, and answers within `timeoutMs`.
   *
   * @param ip As `publicIp` gives it.
   */
  (ip: string): Promise<ServiceFinding>;
}

export interface AskServicesInput {
  /** In the order to be asked. */
  readonly services: readonly AskedService[];
  readonly dispatcher: Dispatcher;
  readonly logger: Logger;
  /** For all services together. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

const hourMs = 3_600_000;
const ttlMs = { hit: 24 * hourMs, unknown: hourMs, error: 60_000 };
const maxNetworks = 10_000;
/** A service with a backup leaves it this part of the time. */
const backupShare = 0.4;
const maxBodyBytes = 16 * 1024;
const nobody: ServiceFinding = { country: null, service: null, isSure: false };

/** Foreign services behind one cache per network: calls in flight are shared, and each service has its breaker. */
export function createAskServices(input: AskServicesInput): AskServices {
  const now = input.now ?? (() => performance.now());
  const gated = input.services.map((asked) => ({ ...asked, gate: gateOf(asked.service.id, now, input.logger) }));
  const cache = new LRUCache<string, ServiceFinding, string>({
    max: maxNetworks,
    ttl: ttlMs.error,
    // A network that is pushed out while it is asked for still gets its answer.
    ignoreFetchAbort: true,
    perf: { now },
    ttlResolution: 0,
    fetchMethod: async (_network, _stale, { context: ip, options }) => {
      const finding = await askInTurn(gated, ip, input);
      options.ttl = finding.country !== null ? ttlMs.hit : finding.isSure ? ttlMs.unknown : ttlMs.error;
      return finding;
    },
  });
  return async (ip) => (await cache.fetch(networkOf(ip), { context: ip })) ?? nobody;
}

/** Told once per outage, without the address. */
function gateOf(service: GeoServiceId, now: () => number, logger: Logger): ServiceGate {
  return createServiceGate(now, () =>
    logger.warn({ service }, 'a geolocation service fails; it is left alone for now'),
  );
}

type Gated = AskedService & { readonly gate: ServiceGate };

async function askInTurn(services: readonly Gated[], ip: string, input: AskServicesInput): Promise<ServiceFinding> {
  const deadline = performance.now() + input.timeoutMs;
  let isSure = true;
  for (const [index, asked] of services.entries()) {
    const leftMs = deadline - performance.now();
    const isLast = index === services.length - 1;
    const answer = await askOne(asked, ip, input, Math.floor(isLast ? leftMs : leftMs * (1 - backupShare)));
    if (answer?.kind === 'country') return { country: answer.country, service: asked.service.id, isSure: true };
    isSure &&= answer?.kind === 'unknown';
  }
  return { country: null, service: null, isSure };
}

/** @returns null when the service is left alone. */
async function askOne(
  { baseUrl, gate, key, service }: Gated,
  ip: string,
  { dispatcher, logger }: Pick<AskServicesInput, 'dispatcher' | 'logger'>,
  timeoutMs: number,
): Promise<ServiceAnswer | null> {
  if (timeoutMs <= 0 || !gate.enter()) return null;
  const answer = await fetchAnswer(service, service.url(ip, baseUrl, key), dispatcher, timeoutMs);
  gate.leave({ isAnswer: answer.kind !== 'failed', pauseMs: answer.pauseMs });
  if (answer.kind === 'failed') {
    const line = { service: service.id, why: answer.why, pause_ms: answer.pauseMs };
    // A spent quota or a wrong key is for somebody to see to; a failure now and then is not.
    if (answer.pauseMs !== null) logger.warn(line, 'a geolocation service wants to be left alone');
    else logger.debug(line, 'a geolocation service gave no answer');
  }
  return answer;
}

/** One try. The URL holds the address and the key: nothing of it may come out in an error. */
async function fetchAnswer(
  service: GeoService,
  url: string,
  dispatcher: Dispatcher,
  timeoutMs: number,
): Promise<ServiceAnswer> {
  try {
    const headers = { accept: 'application/json', 'user-agent': 'plinto-billing' };
    const reply = await request(url, { dispatcher, headers, signal: AbortSignal.timeout(timeoutMs) });
    return service.read({ status: reply.statusCode, headers: reply.headers, text: await shortText(reply.body) });
  } catch {
    return { kind: 'failed', why: 'it gave no whole answer in time', pauseMs: null };
  }
}

/** @throws {Error} over the limit; leaving the loop ends the connection. */
async function shortText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxBodyBytes) throw new Error('the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
