import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { EgressRules } from './egress-rules.ts';
import { isPublicAddress } from './public-address.ts';

/** As `dns.lookup` with `all`. */
export type ResolveAll = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Refused before a byte was sent. */
export class ForbiddenAddressError extends Error {
  readonly code = 'FORBIDDEN_ADDRESS';

  constructor() {
    super('the host is at an address that is not on the public Internet');
    this.name = 'ForbiddenAddressError';
  }
}

/**
 * An HTTP agent that only reaches public addresses. The addresses are judged where the socket takes them, so that a name
 * which answers differently the next time (DNS rebinding) gains nothing: the very answer that was judged is dialled. It
 * follows no redirect and knows no proxy of the environment. `close()` it.
 */
export function createGuardedAgent(
  rules: EgressRules,
  options: { readonly resolve?: ResolveAll; readonly connectTimeoutMs: number },
): Agent {
  const connector = buildConnector({
    timeout: options.connectTimeoutMs,
    allowH2: false,
    lookup: guardedLookup(rules, options.resolve ?? systemLookup),
    // TcpNetConnectOpts asks for a port; undici gives the URL's own with each call.
    port: 0,
  });
  return new Agent({
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    pipelining: 1,
    maxHeaderSize: 16 * 1024,
    connect(target, callback) {
      // An address needs no lookup, so the socket would never ask.
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (!rules.allowPrivate && isIP(host) !== 0 && !isPublicAddress(host))
        callback(new ForbiddenAddressError(), null);
      else connector(target, callback);
    },
  });
}

/** For `net.connect`. One forbidden address among several refuses the name: an honest one has none. */
export function guardedLookup(rules: EgressRules, resolve: ResolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const first = addresses?.[0];
      if (error || first === undefined) callback(error ?? new Error('the name has no address'), []);
      else if (!rules.allowPrivate && !addresses.every(({ address }) => isPublicAddress(address)))
        callback(new ForbiddenAddressError(), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
