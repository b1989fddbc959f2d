import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { KnownRoutes } from './known-routes.js';
import { type Refusal, refusalBody, urlTooLong } from './refusal.js';

/** What the gate lets through. */
export interface GateRules {
  /** Only health, metrics and the product's name: the process has no API. */
  readonly isWorker: boolean;
  readonly urlLimitCharacters: number;
}

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
/** What a process that only works off queues still answers. */
const WORKER_ROUTES = /^\/((health|metrics)(\/|\?|$)|(\?|$))/;

/** Gives every answer its `X-Request-ID` and refuses what no handler is for. To be called before any route is made: it learns them as they come. */
export function guardRequests(fastify: FastifyInstance, rules: GateRules): void {
  const routes = new KnownRoutes();
  fastify.addHook('onRoute', ({ url, method }) => {
    // The route for the preflights of browsers has every path.
    if (url !== '*' && url !== '/*') routes.add(url, [method].flat());
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    const refusal = refusalOf(request, rules, routes);
    if (refusal) answer(request, reply, refusal);
    else done();
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
  void reply.status(refusal.statusCode).headers(refusal.headers ?? {}).send(refusalBody(refusal, request.id));
}

function refusalOf(request: FastifyRequest, { isWorker, urlLimitCharacters }: GateRules, routes: KnownRoutes): Refusal | undefined {
  if (request.url.length > urlLimitCharacters) return urlTooLong(urlLimitCharacters);
  if (isWorker && !WORKER_ROUTES.test(request.url)) return { statusCode: 404, code: 'WORKER_ONLY', message: 'This process only works off queues; ask one with NOOBLE_ROLE=api or all.' };
  if (request.is404) return unknownRoute(request, routes);
  return WITH_BODY.has(request.method) ? refusalOfType(request.headers) : undefined;
}

function refusalOfType({ 'content-type': type, 'content-length': length = '0', 'transfer-encoding': coding }: FastifyRequest['headers']): Refusal | undefined {
  if (type === undefined ? length === '0' && coding === undefined : JSON_TYPE.test(type)) return undefined;
  const insteadOf = type === undefined ? 'the header is missing' : `not as ${type.slice(0, 100)}`;
  return { statusCode: 415, code: 'CONTENT_TYPE_UNSUPPORTED', message: `Send the body as JSON with "Content-Type: application/json"; ${insteadOf}.` };
}

function unknownRoute({ url, method }: FastifyRequest, routes: KnownRoutes): Refusal {
  const path = url.split('?', 1)[0] ?? url;
  if (path === '/ws') return { statusCode: 426, code: 'UPGRADE_REQUIRED', message: 'This is a WebSocket: connect with ws:// or wss:// instead.', headers: { upgrade: 'websocket' } };
  const allowed = routes.methodsOf(path);
  if (allowed.length === 0) return { statusCode: 404, code: 'ROUTE_NOT_FOUND', message: `There is no ${method} ${path.slice(0, 200)}; /docs lists all routes.` };
  const allow = allowed.join(', ');
  return { statusCode: 405, code: 'METHOD_NOT_ALLOWED', message: `${path.slice(0, 200)} has no ${method}; use ${allow}.`, headers: { allow } };
}
