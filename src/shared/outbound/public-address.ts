import ipaddr from 'ipaddr.js';

/** Azure's platform address, which answers as metadata services do and is no special range of IANA. */
const PLATFORM = '168.63.129.16';
/** All that IANA gives out to the public: 2000::/3. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Where a translator puts IPv4 addresses (RFC 6052); its neighbour 64:ff9b:1::/48 is for private ones. */
const TRANSLATED = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether an address belongs to the public Internet: not to this machine, its networks, its provider's services, a group of machines, or nobody.
 * An IPv4 address within an IPv6 one counts as itself.
 *
 * @param address as a resolver gives it: IPv4 with four parts, or IPv6 without brackets; anything else is not public
 * @source the special-purpose registries of IANA for IPv4 and IPv6, as ipaddr.js knows them
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.range() === 'unicast' && parsed.toString() !== PLATFORM;
  const six = parsed as ipaddr.IPv6;
  if (six.match(TRANSLATED)) return isPublicAddress(six.toByteArray().slice(-4).join('.'));
  return six.range() === 'unicast' && six.match(GLOBAL_IPV6);
}
