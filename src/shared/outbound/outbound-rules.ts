import { isIP } from 'node:net';
import { type HostList, type OutboundSettings, parseHostList } from '../config/index.js';
import { outboundBlocked, outboundHostNotAllowed, outboundUrlInvalid } from './outbound.errors.js';
import { isPublicAddress } from './public-address.js';

/** Where requests to what a tenant named may go. */
export class OutboundRules {
  private readonly allowedHosts: HostList;
  private readonly allowedPrivate: HostList;

  constructor({ allowedHosts, allowedPrivate }: OutboundSettings) {
    this.allowedHosts = parseHostList(allowedHosts).hosts;
    this.allowedPrivate = parseHostList(allowedPrivate).hosts;
  }

  /**
   * What can be said of a URL before its host's addresses are known. Spellings of addresses are no way around it: URL makes them one.
   *
   * @throws OUTBOUND_URL_INVALID (invalid), OUTBOUND_HOST_NOT_ALLOWED, OUTBOUND_BLOCKED (forbidden)
   */
  requireUrl(text: string | URL): URL {
    const url = parsedUrl(String(text));
    const host = hostOf(url.hostname);
    const address = addressIn(host);
    const isListed = isIP(host) === 0 ? this.allowedHosts.hasName(host) : this.allowedHosts.hasAddress(host);
    if (!this.allowedHosts.isEmpty && !isListed) throw outboundHostNotAllowed(host);
    if (address !== undefined && !this.mayDial(host, address)) throw outboundBlocked(host);
    return url;
  }

  /** @param host as it stands in a URL  @param address one that it has */
  mayDial(host: string, address: string): boolean {
    if (isPublicAddress(address) || this.allowedPrivate.hasName(hostOf(host))) return true;
    return isIP(address) !== 0 && this.allowedPrivate.hasAddress(address);
  }
}

/** Lower case, without the brackets of an IPv6 address and the dot at the end of a whole name. */
export function hostOf(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function parsedUrl(text: string): URL {
  if (!URL.canParse(text)) throw outboundUrlInvalid('cannot be read');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw outboundUrlInvalid(`begins with ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw outboundUrlInvalid('has a user or a password in it');
  return url;
}

/** The address that a host has without a resolver: its own, or that of this machine (RFC 6761). */
function addressIn(host: string): string | undefined {
  if (isIP(host) !== 0) return host;
  return host === 'localhost' || host.endsWith('.localhost') ? '127.0.0.1' : undefined;
}
