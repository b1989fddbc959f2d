import { AppError } from '../../shared/errors/index.js';

/** What a label is, for people. */
export const LABEL_RULE = 'must be 1 to 64 characters without control characters, and without spaces at its ends';

export const crmErrors = {
  operatorInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: 'X-Operator-ID must match ^[A-Za-z0-9._-]{1,128}$.', details: { field: 'X-Operator-ID' } }),
  labelInvalid: (): AppError => {
    const message = `label ${LABEL_RULE}.`;
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'label', message }] } });
  },
  executionNotFound: (executionId: string): AppError =>
    new AppError({ kind: 'notFound', code: 'EXECUTION_NOT_FOUND', message: `The conversation has no execution "${executionId}"; its detail lists those it has.`, details: { field: 'executionId' } }),
  spanEmpty: (): AppError => {
    const message = 'from must be before to; leave one of them out for a span without that end.';
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'from', message }] } });
  },
};
