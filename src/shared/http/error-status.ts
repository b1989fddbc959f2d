import { HttpStatus } from '@nestjs/common';
import type { ErrorKind } from '../errors/index.js';

/** Every kind of error has a status; a new kind does not compile until it has one. */
export const ERROR_STATUS: Record<ErrorKind, HttpStatus> = {
  invalid: HttpStatus.BAD_REQUEST,
  unauthenticated: HttpStatus.UNAUTHORIZED,
  forbidden: HttpStatus.FORBIDDEN,
  notFound: HttpStatus.NOT_FOUND,
  conflict: HttpStatus.CONFLICT,
  tooLarge: HttpStatus.PAYLOAD_TOO_LARGE,
  limited: HttpStatus.TOO_MANY_REQUESTS,
  unavailable: HttpStatus.SERVICE_UNAVAILABLE,
  internal: HttpStatus.INTERNAL_SERVER_ERROR,
};
