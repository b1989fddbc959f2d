import { HttpException } from '@nestjs/common';
import { AppError, type ErrorKind } from '../errors/index.js';

/** What Fastify and Nest throw by themselves, in our words: theirs are about their inside. */
interface FrameworkError {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
}

const NOT_JSON = 'The body is no JSON that can be read; check its quotes and commas, that it is sent as UTF-8, and that no field has the name __proto__ or constructor.';
const TRY_JSON = 'Send the body as JSON with "Content-Type: application/json".';

const BY_CODE: Readonly<Record<string, FrameworkError>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: { kind: 'invalid', code: 'BAD_REQUEST', message: 'The body is empty; leave out the header Content-Type, or send a JSON object, {} if there is nothing to say.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { kind: 'invalid', code: 'BAD_REQUEST', message: 'The body has another size than the header Content-Length says; send it whole.' },
  FST_ERR_BAD_URL: { kind: 'invalid', code: 'URL_INVALID', message: 'The path is not a valid URL; write a percent sign as %25.' },
  FST_ERR_MAX_PARAM_LENGTH: { kind: 'notFound', code: 'ROUTE_NOT_FOUND', message: 'An id in the path has at most 128 characters; look at /docs.' },
};

const BY_STATUS: Readonly<Record<number, FrameworkError>> = {
  400: { kind: 'invalid', code: 'BAD_REQUEST', message: NOT_JSON },
  404: { kind: 'notFound', code: 'ROUTE_NOT_FOUND', message: 'There is no such route; /docs lists all of them.' },
  413: { kind: 'tooLarge', code: 'BODY_TOO_LARGE', message: 'The body is too large; send less, or in several calls.' },
  415: { kind: 'invalid', code: 'CONTENT_TYPE_UNSUPPORTED', message: TRY_JSON },
};

/**
 * @param bodyLimitBytes of the route that was called
 * @returns undefined for what is no framework's, or none that a caller can mend
 */
export function fromFramework(thrown: unknown, bodyLimitBytes?: number): AppError | undefined {
  if (thrown instanceof AppError || !(thrown instanceof Error)) return undefined;
  const { statusCode } = thrown as { statusCode?: unknown };
  const known = BY_CODE[codeOf(thrown)] ?? BY_STATUS[Number(thrown instanceof HttpException ? thrown.getStatus() : statusCode)];
  if (!known) return undefined;
  if (known.kind === 'tooLarge' && bodyLimitBytes !== undefined) return tooLarge(bodyLimitBytes, thrown);
  return new AppError({ ...known, cause: thrown });
}

/** Nest wraps what Fastify throws, and has its code no more. */
function codeOf(thrown: Error): string {
  const { code } = (thrown instanceof HttpException && thrown.cause instanceof Error ? thrown.cause : thrown) as { code?: unknown };
  return String(code);
}

function tooLarge(limitBytes: number, cause: unknown): AppError {
  const message = `The body may have ${String(limitBytes)} bytes; send less, in several calls, or have the operator raise BODY_LIMIT_BYTES.`;
  return new AppError({ kind: 'tooLarge', code: 'BODY_TOO_LARGE', message, details: { limitBytes }, cause });
}
