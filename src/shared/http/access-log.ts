import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { PinoLogger } from 'nestjs-pino';

/** Asked too often, by machines, to say anything. */
const QUIET = /^\/(health|metrics)(\/|\?|$)/;

/** A request as the guard leaves it. */
interface KnownRequest extends FastifyRequest {
  readonly principal?: { readonly tenantId: string };
}

/** One line a request, with whose it was and how long it took; and every other line of the request gets its id. */
export function logRequests(fastify: FastifyInstance, logger: PinoLogger): void {
  // After the body was read: what runs before that has no context that would last until the handler.
  fastify.addHook('preValidation', ({ id: requestId }, _, done) => {
    logger.runInContext(done, { bindings: { requestId } });
  });
  fastify.addHook('onResponse', (request: KnownRequest, reply, done) => {
    if (!QUIET.test(request.url)) {
      const { id: requestId, method, principal, url, ip } = request;
      // What was refused before its body was read has no context yet.
      logger.runInContext(() => {
        logger.info({ msg: 'request', tenantId: principal?.tenantId, method, url, ip, statusCode: reply.statusCode, durationMs: Math.round(reply.elapsedTime * 100) / 100 });
      }, { bindings: { requestId } });
    }
    done();
  });
}
