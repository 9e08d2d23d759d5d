import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { normalizeCountry, type EvidencePiece } from '../../domain/routing/country.ts';
import type { ApiSettings } from '../deps.ts';

/**
 * What the CDN's header says. Whoever reaches the origin directly can send one too: it is believed with the secret that
 * the edge adds, or, where none is agreed, from a peer in the ranges of `TRUST_PROXY`.
 */
export function cdnCountry(
  request: Request,
  settings: Pick<ApiSettings, 'cdnCountryHeader' | 'cdnSecret'>,
): EvidencePiece {
  const { cdnCountryHeader, cdnSecret } = settings;
  const piece = (country: string | null, note: string | null) => ({ country, source: 'cdn_header', note }) as const;
  if (cdnCountryHeader === null) return piece(null, 'no header is configured');
  const sent = request.get(cdnCountryHeader);
  if (sent === undefined) return piece(null, 'not sent');
  if (cdnSecret !== null && !isSame(request.get(cdnSecret.header), cdnSecret.value))
    return piece(null, 'not believed: without the secret of the CDN');
  if (cdnSecret === null && !isFromProxy(request)) return piece(null, 'not believed: the peer is no trusted proxy');
  // CDNs write upper case; anything else was not written by one.
  const country = /^[A-Z]{2}$/.test(sent) ? normalizeCountry(sent) : null;
  return piece(country, country === null ? 'the CDN does not know' : null);
}

/** Hashed, so that the comparison tells nothing by its time, not even the length. */
function isSame(sent: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return sent !== undefined && timingSafeEqual(digest(sent), digest(expected));
}

/** Express compiles `trust proxy` into this function, and types it as anything. */
function isFromProxy(request: Request): boolean {
  const trusts: unknown = request.app.get('trust proxy fn');
  return typeof trusts === 'function' && Reflect.apply(trusts, undefined, [request.socket.remoteAddress, 0]) === true;
}
