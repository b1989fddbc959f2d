import { Param, ParseUUIDPipe, type PipeTransform } from '@nestjs/common';
import { AppError } from '../errors/index.js';

/** A path parameter that is a UUID, in lower case from here on; anything else is refused by the parameter's name. */
export function UuidParam(name: string): ParameterDecorator {
  const message = `${name} must be a UUID.`;
  const fields = [{ field: name, message }];
  const parse = new ParseUUIDPipe({ exceptionFactory: () => new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields } }) });
  return Param(name, parse, LOWER_CASE);
}

/** Redis keys are compared letter by letter. */
const LOWER_CASE: PipeTransform<string, string> = { transform: (id) => id.toLowerCase() };
