import { z } from 'zod';
import type { GeoServiceId } from '../../config.ts';
import { normalizeCountry } from '../../domain/routing/country.ts';

/** What came back, read but not yet judged. Header names are lower case. */
export interface ServiceReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** `unknown` is an answer; `failed` is none. `pauseMs`: the service wants no call for so long. */
export type ServiceAnswer =
  | { readonly kind: 'country'; readonly country: string; readonly pauseMs: number | null }
  | { readonly kind: 'unknown'; readonly pauseMs: number | null }
  | { readonly kind: 'failed'; readonly why: string; readonly pauseMs: number | null };

export interface GeoService {
  readonly id: GeoServiceId;
  readonly defaultBaseUrl: string;
  /** @param ip A public address. @param baseUrl Without a trailing slash. */
  url(ip: string, baseUrl: string, key: string | null): string;
  read(reply: ServiceReply): ServiceAnswer;
}

const minuteMs = 60_000;
/** A wrong key or a spent day does not heal by itself soon. */
const longPauseMs = 10 * minuteMs;

/** Missing fields are null; an error may come with status 200. */
const ipapiBody = z.object({
  error: z.boolean().nullish(),
  reason: z.string().nullish(),
  country_code: z.string().nullish(),
  country: z.string().nullish(),
});

/** @see https://ipapi.co/api/ ("Complete location for a specific IP address"), read November 2026 */
const ipapi: GeoService = {
  id: 'ipapi.co',
  defaultBaseUrl: 'https://ipapi.co',
  url: (ip, baseUrl, key) =>
    `${baseUrl}/${encodeURIComponent(ip)}/json/${key === null ? '' : `?key=${encodeURIComponent(key)}`}`,
  read({ headers, status, text }) {
    // How it writes "nobody knows" where it answers plain text.
    if (status === 200 && text.trim() === 'None') return { kind: 'unknown', pauseMs: null };
    const body = ipapiBody.safeParse(parseJson(text)).data;
    const reason = body?.reason ?? '';
    if (status === 429 || reason === 'RateLimited')
      return refused('rate limited', retryAfterMs(headers) ?? longPauseMs);
    if (status === 401 || status === 403) return refused('the key is refused', longPauseMs);
    // Two of its errors are answers: it looked, and the address is nowhere.
    if (/^(Reserved|Invalid) IP Address$/i.test(reason)) return { kind: 'unknown', pauseMs: null };
    if (status !== 200 || !body || body.error === true) return failed(status);
    return named(body.country_code ?? body.country, null);
  },
};

const ipApiBody = z.object({
  status: z.enum(['success', 'fail']),
  message: z.string().nullish(),
  countryCode: z.string().nullish(),
});

/** Without TLS, and not for commercial use. @see https://ip-api.com/docs/api:json, read November 2026 */
const ipApi: GeoService = {
  id: 'ip-api.com',
  defaultBaseUrl: 'http://ip-api.com',
  url: (ip, baseUrl) => `${baseUrl}/json/${encodeURIComponent(ip)}?fields=status,message,countryCode`,
  read({ headers, status, text }) {
    const pauseMs = spentMs(headers);
    // Who goes on asking after a 429 is locked out for an hour.
    if (status === 429) return refused('rate limited', pauseMs ?? minuteMs);
    const body = ipApiBody.safeParse(parseJson(text)).data;
    if (status !== 200 || !body) return { ...failed(status), pauseMs };
    if (body.status === 'success') return named(body.countryCode, pauseMs);
    if (/^(private range|reserved range|invalid query)$/.test(body.message ?? '')) return { kind: 'unknown', pauseMs };
    return { kind: 'failed', why: 'it answered with an error', pauseMs };
  },
};

export const geoServices: Readonly<Record<GeoServiceId, GeoService>> = { 'ipapi.co': ipapi, 'ip-api.com': ipApi };

function named(raw: string | null | undefined, pauseMs: number | null): ServiceAnswer {
  const country = normalizeCountry(raw);
  return country === null ? { kind: 'unknown', pauseMs } : { kind: 'country', country, pauseMs };
}

function refused(why: string, pauseMs: number): ServiceAnswer {
  return { kind: 'failed', why, pauseMs };
}

function failed(status: number) {
  const why = status === 200 ? 'it answered with an error' : `it answered ${status}`;
  return { kind: 'failed', why, pauseMs: null } as const;
}

/** `X-Rl`: requests left of this minute; `X-Ttl`: seconds until there are more. */
function spentMs(headers: ServiceReply['headers']): number | null {
  if (seconds(headers['x-rl']) !== 0) return null;
  const left = seconds(headers['x-ttl']);
  return left === null ? minuteMs : left * 1_000;
}

function retryAfterMs(headers: ServiceReply['headers']): number | null {
  const left = seconds(headers['retry-after']);
  return left === null ? null : left * 1_000;
}

function seconds(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
