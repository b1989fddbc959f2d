import type { Server } from 'node:http';
import type { FastifyHttpOptions, FastifyReply, FastifyRequest } from 'fastify';
import type { EdgeSettings, ServerSettings } from '../config/index.js';
import { parseAddressList } from '../config/index.js';
import { AppError } from '../errors/index.js';
import { answerClientError } from './client-error.js';
import { ERROR_STATUS } from './error-status.js';
import { fromFramework } from './framework-errors.js';
import { requestIdOf } from './request-id.js';

/** How often connections are looked at that may be too slow, milliseconds. */
const CHECK_EVERY_MS = 1_000;

/** What Fastify is made with: limits and time-outs of what comes in. Sockets and answers that stream are not under them once their request is there. */
export function httpOptions({ bodyLimitBytes }: ServerSettings, edge: EdgeSettings): FastifyHttpOptions<Server> {
  const { headerLimitBytes, headersTimeoutSeconds, requestTimeoutSeconds, keepAliveSeconds, trustedProxies } = edge;
  const { entries: proxies } = parseAddressList(trustedProxies);
  const requestTimeout = requestTimeoutSeconds * 1_000;
  return {
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    trustProxy: proxies.length === 0 ? false : [...proxies],
    requestTimeout,
    keepAliveTimeout: keepAliveSeconds * 1_000,
    // Node refuses to wait longer for the headers than for the whole.
    http: { maxHeaderSize: headerLimitBytes, headersTimeout: Math.min(headersTimeoutSeconds * 1_000, requestTimeout), requestTimeout, connectionsCheckingInterval: CHECK_EVERY_MS },
    clientErrorHandler: (error, socket) => {
      answerClientError(error, socket, edge);
    },
    frameworkErrors: answerFrameworkError,
    genReqId: ({ headers }) => requestIdOf(headers),
  };
}

/** What the router refuses before any hook runs. */
function answerFrameworkError(thrown: Error, request: FastifyRequest, reply: FastifyReply): void {
  const { kind, code, message } = fromFramework(thrown) ?? new AppError({ kind: 'invalid', code: 'BAD_REQUEST', message: 'The path cannot be read; /docs lists all routes.' });
  const statusCode = ERROR_STATUS[kind];
  void reply.status(statusCode).header('x-request-id', request.id).send({ statusCode, code, message, requestId: request.id });
}
