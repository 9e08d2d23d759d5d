import ipaddr from 'ipaddr.js';

/** Reached through the public Internet's routes, and yet the inside of somebody's cloud. */
const insidePublicRanges = ['168.63.129.16/32'].map((cidr) => ipaddr.parseCIDR(cidr));
/** All that IANA has given out as global unicast; everything else (compatible, NAT64, tunnels to be) is not for us. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an address is one on the public Internet: no private, loopback, link-local (cloud metadata), carrier-grade
 * NAT, multicast, documentation or reserved one, and none that carries such an IPv4 address within (mapped, NAT64,
 * 6to4, Teredo).
 *
 * @param address As the resolver or a URL gives it, without brackets; with a zone (`%eth0`) it is link-local anyway.
 * @see IANA IPv4 and IPv6 Special-Purpose Address Registries
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv6') return parsed.match(globalUnicast);
  return !insidePublicRanges.some((range) => parsed.match(range));
}
