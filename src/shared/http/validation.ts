import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { AppError } from '../errors/index.js';
import { faultsOf } from './field-faults.js';
import { type FieldFault, findUnstorable } from './storable.js';

/** Unknown fields are refused, everywhere. (The last one would refuse classes without fields.) */
const RULES: ValidatorOptions = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };

class StrictValidationPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest takes a list for the fields 0, 1 …, and a text for no fields.
    if (metadata.type === 'body' && !isRecord(value ?? {})) throw refused([{ field: 'body', message: 'the body must be a JSON object' }]);
    refuseUnstorable(value);
    return super.transform(value, metadata);
  }
}

/** The pipe of every HTTP body, query and socket frame. */
export function validationPipe(): ValidationPipe {
  // Without its value a list with a faulty entry would look as if it were missing.
  return new StrictValidationPipe({ ...RULES, transform: true, validationError: { value: true }, exceptionFactory: (errors) => validationFailed(errors) });
}

/**
 * Lets only through what the stores can keep exactly.
 *
 * @throws VALIDATION_FAILED (invalid) naming the first faulty field
 */
export function refuseUnstorable(value: unknown): void {
  const fault = findUnstorable(value);
  if (fault) throw refused([fault]);
}

/**
 * A plain object as a validated instance.
 *
 * @param prefix where the object stands, for the names of its fields: `data.`, or '' at the top
 * @throws VALIDATION_FAILED (invalid) naming every faulty field
 */
export function validated<T extends object>(shape: new () => T, plain: unknown, prefix = ''): T {
  const fields = plain ?? {};
  if (!isRecord(fields)) throw refused([{ field: prefix.slice(0, -1), message: 'the data must be a JSON object' }]);
  const instance = plainToInstance(shape, fields);
  const errors = validateSync(instance, RULES);
  if (errors.length > 0) throw validationFailed(errors, prefix);
  return instance;
}

/** VALIDATION_FAILED: the message names the fields, `details.fields` has them one by one. */
export function validationFailed(errors: readonly ValidationError[], prefix = ''): AppError {
  return refused(errors.flatMap((error) => faultsOf(error, prefix)));
}

function refused(fields: readonly FieldFault[]): AppError {
  const message = fields.map(({ message: text }) => text).join('; ');
  return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: `${message}.`, details: { fields } });
}

function isRecord(plain: unknown): plain is object {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain);
}
