import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** What pages of other origins may read of an answer, besides what every page may. */
const EXPOSED_HEADERS = ['ETag', 'Retry-After', 'X-Cache', 'X-Request-ID', 'X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Deprecation', 'Content-Disposition'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** A browser asks again after this long, seconds: ten minutes, the longest that Chromium and Firefox both keep as they are told. */
const PREFLIGHT_SECONDS = 600;

/** One policy for all: the only page is the API's documentation, whose styles are in the page. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** Tells browsers what they may do with the answers. @param allowedOrigins whose pages may call; none: only the server's own */
export async function addBrowserRules(fastify: FastifyInstance, allowedOrigins: readonly string[]): Promise<void> {
  // Names below the server's belong to others.
  await fastify.register(helmet, { contentSecurityPolicy: CONTENT_SECURITY_POLICY, strictTransportSecurity: { includeSubDomains: false } });
  if (allowedOrigins.length === 0) return;
  await fastify.register(cors, { origin: [...allowedOrigins], methods: METHODS, exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS, strictPreflight: false, credentials: false });
}
