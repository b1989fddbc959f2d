import { AppError } from '../errors/index.js';

export const idempotencyErrors = {
  keyInvalid: (): AppError =>
    new AppError({ kind: 'invalid', code: 'HEADER_INVALID', message: 'Idempotency-Key must match ^[A-Za-z0-9._-]{1,128}$; a UUID will do. Leave it out for a request that may be done twice.', details: { field: 'Idempotency-Key' } }),
  mismatch: (key: string): AppError =>
    new AppError({
      kind: 'conflict',
      code: 'IDEMPOTENCY_MISMATCH',
      message: `The Idempotency-Key "${key}" was used for another request in the last 24 hours: send that one again as it was, or this one under a new key.`,
      details: { field: 'Idempotency-Key' },
    }),
};
