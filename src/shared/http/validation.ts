import { ValidationPipe } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { AppError } from '../errors/index.js';

/** Unknown fields are refused, everywhere. (The last one would refuse classes without fields.) */
const RULES: ValidatorOptions = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };

/** One thing wrong with one field; `field` is a dotted path. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** The pipe of every HTTP body, query and socket frame. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({ ...RULES, transform: true, exceptionFactory: (errors) => validationFailed(errors) });
}

/**
 * A plain object as a validated instance.
 *
 * @throws VALIDATION_FAILED (invalid) naming every faulty field
 */
export function validated<T extends object>(shape: new () => T, plain: unknown): T {
  const instance = plainToInstance(shape, plain ?? {});
  const errors = validateSync(instance, RULES);
  if (errors.length > 0) throw validationFailed(errors);
  return instance;
}

/** VALIDATION_FAILED: the message names the fields, `details.fields` has them one by one. */
export function validationFailed(errors: readonly ValidationError[]): AppError {
  const fields = errors.flatMap((error) => faultsOf(error, ''));
  const message = fields.map(({ message: text }) => text).join('; ');
  return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message: `${message}.`, details: { fields } });
}

function faultsOf({ property, constraints, children }: ValidationError, prefix: string): FieldFault[] {
  const field = prefix + property;
  const own = Object.values(constraints ?? {}).map((message) => ({ field, message: message.replace(property, field) }));
  return [...own, ...(children ?? []).flatMap((child) => faultsOf(child, `${field}.`))];
}
