import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { type AppError, toAppError } from '../errors/index.js';
import type { ErrorBody } from './error-body.js';
import { ERROR_STATUS } from './error-status.js';
import { fromFramework } from './framework-errors.js';
import { rateLimitHeaders, rateLimitOf } from './rate-limit.js';

/** Turns whatever a handler throws into an {@link ErrorBody}; logs, once, what is our fault. The line has the request's id, as all lines have. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: PinoLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (isHealthReport(thrown)) return reply.status(thrown.getStatus()).send(thrown.getResponse());
    const error = fromFramework(thrown, request.routeOptions.bodyLimit) ?? toAppError(thrown);
    const statusCode = ERROR_STATUS[error.kind];
    if (error.isRetryable) this.logger.error({ err: error.cause ?? error, code: error.code }, error.message);
    if (reply.sent || reply.raw.headersSent) return reply.raw.destroy();
    void reply.headers(headersOf(error));
    const body: ErrorBody = { statusCode, code: error.code, message: error.message, ...(error.details && { details: error.details }), requestId: request.id };
    return reply.status(statusCode).send(body);
  }
}

/** When to come again, and where the caller stands with a limit. */
function headersOf({ details }: AppError): Record<string, string> {
  const [retryAfterMs, rate] = [details?.['retryAfterMs'], rateLimitOf(details)];
  return { ...(typeof retryAfterMs === 'number' && { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }), ...(rate && rateLimitHeaders(rate)) };
}

/** Terminus answers 503 with a report, which is the answer and not an error. */
function isHealthReport(thrown: unknown): thrown is HttpException {
  if (!(thrown instanceof HttpException)) return false;
  const response = thrown.getResponse();
  return typeof response === 'object' && 'status' in response && 'details' in response;
}
