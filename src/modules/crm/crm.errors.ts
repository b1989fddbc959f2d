import { AppError } from '../../shared/errors/index.js';

export const crmErrors = {
  operatorInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: 'X-Operator-ID must match ^[A-Za-z0-9._-]{1,128}$.', details: { field: 'X-Operator-ID' } }),
  executionNotFound: (executionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'EXECUTION_NOT_FOUND', message: `The conversation has no execution "${executionId}"; its detail lists those it has.`, details: { field: 'executionId' } }),
  spanEmpty: (): AppError => {
    const message = 'from must be before to; leave one of them out for a span without that end.';
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'from', message }] } });
  },
};
