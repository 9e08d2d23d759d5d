import { fieldRefusal } from './error-codes.ts';

/**
 * Whether a URL's origin is one of the project's. A pattern is an origin; its port may be `*` (`http://localhost:*`),
 * and its host may start with `*.` for any subdomain.
 */
export function isAllowedOrigin(origin: string, patterns: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return patterns.some((pattern) => matches(url, pattern));
}

/**
 * The URL a buyer is sent back to, with `{CHECKOUT_ID}` filled in.
 *
 * @param pointer The field it came from.
 * @throws {BillingError} `redirect_not_allowed`
 */
export function checkRedirect(
  raw: string,
  pointer: string,
  input: { readonly allowedOrigins: readonly string[]; readonly checkoutId: string },
): string {
  const text = raw.replaceAll('{CHECKOUT_ID}', input.checkoutId);
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!isWeb || url.username !== '' || url.password !== '' || !isAllowedOrigin(url.origin, input.allowedOrigins))
    throw fieldRefusal('redirect_not_allowed', pointer, "Must be an http(s) URL in one of the project's origins.");
  return url.href;
}

function matches(url: URL, pattern: string): boolean {
  const parts = /^(https?):\/\/([^/:]+|\[[^\]]+\])(?::(\d+|\*))?\/?$/.exec(pattern.toLowerCase());
  if (!parts) return false;
  const [, scheme, host = '', port] = parts;
  if (url.protocol !== `${scheme}:`) return false;
  const hostFits = host.startsWith('*.') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host;
  if (!hostFits || port === '*') return hostFits;
  return (url.port || defaultPort(url.protocol)) === (port ?? defaultPort(url.protocol));
}

function defaultPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80';
}
