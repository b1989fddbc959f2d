import { AppError } from '../../../shared/errors/index.js';

/** How soon PostgreSQL is worth another try. A guess, milliseconds. */
const RETRY_MS = 5_000;

export const auditErrors = {
  unwritable: (action: string, cause: unknown): AppError =>
    new AppError({
      kind: 'unavailable',
      code: 'AUDIT_UNAVAILABLE',
      message: `"${action}" is done only when the audit log can say so, and it cannot be written now; nothing was done. Send it again.`,
      details: { action, retryAfterMs: RETRY_MS },
      cause,
    }),
  outcomeUnwritable: (action: string, cause: unknown): AppError =>
    new AppError({
      kind: 'unavailable',
      code: 'AUDIT_OUTCOME_UNKNOWN',
      message: `"${action}" was done, and the audit log has that it was begun; that it succeeded could not be written any more, so it is not answered. Look what came of it before you send it again.`,
      details: { action, retryAfterMs: RETRY_MS },
      cause,
    }),
};
