import { outboundUrlInvalid } from './outbound.errors.js';

/** One request on the way to an answer. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ArrayBuffer | undefined;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What another origin may hear; every other header may be a secret, whatever its name. */
const FOR_ALL = ['accept', 'accept-language', 'content-type', 'user-agent'];

/** Where an answer leads on to; undefined for one that stays. */
export function locationOf(response: Pick<Response, 'status' | 'headers'>): string | undefined {
  return REDIRECTS.has(response.status) ? (response.headers.get('location') ?? undefined) : undefined;
}

/**
 * The request that follows a redirect, as browsers do it: POST becomes GET after 301 and 302, everything but HEAD after 303. Unlike theirs, it takes no
 * header to another origin but harmless ones.
 *
 * @throws OUTBOUND_URL_INVALID (invalid); the new URL is otherwise unchecked
 */
export function nextHop(hop: Hop, status: number, location: string): Hop {
  if (!URL.canParse(location, hop.url.href)) throw outboundUrlInvalid('leads on to one that cannot be read');
  const url = new URL(location, hop.url);
  const headers = url.origin === hop.url.origin ? new Headers(hop.headers) : new Headers([...hop.headers].filter(([name]) => FOR_ALL.includes(name)));
  if (!becomesGet(hop.method, status)) return { ...hop, url, headers };
  headers.delete('content-type');
  return { url, method: 'GET', headers, body: undefined };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}
