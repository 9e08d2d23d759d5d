import type { Request } from 'express';

/**
 * Whether a form came from our own page, by what browsers say and scripts cannot forge; requests of no browser say
 * nothing and carry no one's cookies. Guards every form against other sites posting it.
 *
 * @see Fetch Metadata Request Headers, W3C
 */
export function isSameOrigin(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const { origin } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}
