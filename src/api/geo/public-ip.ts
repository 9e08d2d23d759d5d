import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All that IANA has given out as global unicast. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * The address to ask about. `req.ip` is unchecked text: a proxy may have added a port, a client may have sent anything.
 *
 * @param raw With or without port, brackets, IPv4 mapped into IPv6.
 * @returns the bare address, or null for what is no public one: private, loopback, link-local (all with a zone are),
 *   carrier-grade NAT, multicast, documentation, tunnels, junk.
 */
export function publicIp(raw: string | undefined): string | null {
  const text = (raw ?? '').trim();
  const withPort = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  const bare = withPort?.[1] ?? text;
  // `ipaddr.js` alone would take `1`, `0x7f.1` and `010.1.1.1` for addresses.
  if (bare.includes('%') || isIP(bare) === 0) return null;
  const address = ipaddr.process(bare);
  if (address.range() !== 'unicast') return null;
  if (address.kind() === 'ipv6' && !address.match(globalUnicast)) return null;
  return address.toString();
}

/**
 * The network that shares one answer: its country hardly ever differs within, and a list of networks tells nobody who
 * bought here.
 *
 * @param ip As `publicIp` gives it.
 * @returns `/24` of IPv4, `/48` of IPv6.
 */
export function networkOf(ip: string): string {
  const address = ipaddr.parse(ip);
  const bits = address.kind() === 'ipv4' ? 24 : 48;
  const bytes = address.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
