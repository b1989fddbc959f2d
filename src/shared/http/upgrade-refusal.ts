import type { IncomingMessage } from 'node:http';
import { type Refusal, urlTooLong } from './refusal.js';

/** Who may open a socket. */
export interface UpgradeRules {
  /** Paths of sockets. */
  readonly paths: readonly string[];
  /** Origins whose pages may, besides the server's own. */
  readonly allowedOrigins: readonly string[];
  readonly urlLimitCharacters: number;
}

/** Why a handshake is refused; undefined when it may go on. Programs send no `Origin`, and may; browsers send the page's. */
export function upgradeRefusal({ url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>, { paths, allowedOrigins, urlLimitCharacters }: UpgradeRules): Refusal | undefined {
  if (url.length > urlLimitCharacters) return urlTooLong(urlLimitCharacters);
  const path = url.split('?', 1)[0] ?? url;
  if (!paths.includes(path)) return { statusCode: 404, code: 'SOCKET_NOT_FOUND', message: `There is no socket at ${path.slice(0, 200)}; connect to ${paths.join(' or ')}.` };
  const { origin, host } = headers;
  if (origin === undefined || allowedOrigins.includes(origin.toLowerCase()) || isOwn(origin, host)) return undefined;
  return { statusCode: 403, code: 'ORIGIN_NOT_ALLOWED', message: `Pages of ${origin.slice(0, 200)} may not open sockets here; have the operator add it to CORS_ALLOWED_ORIGINS.` };
}

/** The page came from this server. A proxy in front may have ended TLS, so only the host counts. */
function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
