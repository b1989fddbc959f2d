import { type LookupAddress, lookup as resolve } from 'node:dns';
import { type LookupFunction, isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { outboundBlocked } from './outbound.errors.js';
import { hostOf } from './outbound-rules.js';

/** Until a connection stands, name look-up and TLS included, milliseconds. A guess. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Says whether a host may be reached at one of its addresses. */
export type MayDial = (host: string, address: string) => boolean;

/** Finds a host's addresses, as `dns.lookup` does with `all`. */
export type Resolve = (host: string, options: { readonly all: true; readonly family?: number }, done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void;

/**
 * Connections to allowed addresses alone. The address that is checked is the one that is dialled: the look-up that the socket itself makes
 * gives only allowed ones, so a name that changes its mind between a check and the call (DNS rebinding) gains nothing. It knows no proxy of the environment.
 */
export function guardedAgent(mayDial: MayDial, resolveHost: Resolve = resolve): Agent {
  const dial = buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false, lookup: guardedLookup(mayDial, resolveHost) });
  const connect: buildConnector.connector = (options, done) => {
    const host = hostOf(options.hostname);
    // A socket looks up names only.
    if (isIP(host) !== 0 && !mayDial(host, host)) done(outboundBlocked(host), null);
    else dial(options, done);
  };
  return new Agent({ connect, allowH2: false });
}

function guardedLookup(mayDial: MayDial, resolveHost: Resolve): LookupFunction {
  return (host, { all, family }, done) => {
    const options = { all: true, ...(typeof family === 'number' && { family }) } as const;
    resolveHost(host, options, (error, addresses) => {
      if (error) return done(error, []);
      const allowed = addresses.filter(({ address }) => mayDial(host, address));
      const [first] = allowed;
      if (!first) return done(outboundBlocked(hostOf(host)), []);
      return all === true ? done(null, allowed) : done(null, first.address, first.family);
    });
  };
}
