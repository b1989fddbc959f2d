import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'nestjs-pino';

/** Asked too often, by machines, to say anything. */
const QUIET = /^\/(health|metrics)(\/|\?|$)/;
/** Single-use credentials in the query. */
const TICKET = /([?&]ticket=)[^&]*/;

/** A request as the guard leaves it. */
interface KnownRequest extends FastifyRequest {
  readonly principal?: { readonly tenantId: string };
}

/** One line a request, with whose it was and how long it took. */
export function logRequests(fastify: FastifyInstance, logger: Logger): void {
  fastify.addHook('onResponse', (request: KnownRequest, reply, done) => {
    if (!QUIET.test(request.url)) {
      const { id: requestId, method, principal, ip } = request;
      const url = request.url.replace(TICKET, '$1[secret]');
      logger.log({ msg: 'request', requestId, tenantId: principal?.tenantId, method, url, ip, statusCode: reply.statusCode, durationMs: Math.round(reply.elapsedTime * 100) / 100 });
    }
    done();
  });
}
