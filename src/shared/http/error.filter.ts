import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PinoLogger } from 'nestjs-pino';
import { AppError, toAppError, type ErrorKind } from '../errors/index.js';
import { ERROR_STATUS } from './error-status.js';
import { rateLimitHeaders, rateLimitOf } from './rate-limit.js';

/** Every error answer of the REST API. */
export interface ErrorBody {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
  readonly requestId: string;
}

/** What Fastify and Nest throw by themselves, by status. */
const FRAMEWORK_ERRORS: Readonly<Record<number, { kind: ErrorKind; code: string }>> = {
  400: { kind: 'invalid', code: 'BAD_REQUEST' },
  404: { kind: 'notFound', code: 'ROUTE_NOT_FOUND' },
  413: { kind: 'tooLarge', code: 'BODY_TOO_LARGE' },
  415: { kind: 'invalid', code: 'CONTENT_TYPE_UNSUPPORTED' },
};

/** Turns whatever a handler throws into an {@link ErrorBody}; logs, once, what is our fault. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: PinoLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): unknown {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (isHealthReport(thrown)) return reply.status(thrown.getStatus()).send(thrown.getResponse());
    const error = fromFramework(thrown) ?? toAppError(thrown);
    const statusCode = ERROR_STATUS[error.kind];
    if (error.isRetryable) this.logger.error({ err: error.cause ?? error, code: error.code, requestId: request.id }, error.message);
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

function fromFramework(thrown: unknown): AppError | undefined {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return undefined;
  const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown }).statusCode;
  const known = FRAMEWORK_ERRORS[Number(status)];
  return known && new AppError({ ...known, message: thrown.message, cause: thrown });
}
