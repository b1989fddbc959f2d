import { Param, ParseUUIDPipe } from '@nestjs/common';
import { AppError } from '../errors/index.js';

/** A path parameter that is a UUID; anything else is refused by the parameter's name. */
export function UuidParam(name: string): ParameterDecorator {
  const message = `${name} must be a UUID.`;
  const fields = [{ field: name, message }];
  return Param(name, new ParseUUIDPipe({ exceptionFactory: () => new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields } }) }));
}
