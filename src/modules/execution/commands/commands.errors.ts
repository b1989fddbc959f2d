import { AppError, toAppError } from '../../../shared/errors/index.js';

/** Code of a command whose run was never accepted. */
export const NOT_STARTED = 'COMMAND_NOT_STARTED';

const RETRY_AFTER_MS = 5_000;
/** An hour of tries, one every five seconds; only for errors of ours: while PostgreSQL is away there is no end of them. */
const MAX_FAILURES = 720;

export const commandErrors = {
  notFound: (id: string): AppError =>
    new AppError({ kind: 'notFound', code: 'COMMAND_NOT_FOUND', message: `There is no command "${id}" here; GET /api/v1/commands lists yours.`, details: { field: 'id' } }),
  idInvalid: (): AppError => {
    const message = 'id must be a command\'s temporary id (cmd_…) or its UUID.';
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'id', message }] } });
  },
  editEmpty: (): AppError =>
    new AppError({ kind: 'invalid', code: 'COMMAND_EDIT_EMPTY', message: 'There is nothing to change: send metadata, agentBackground or both.' }),
  tooLong: (characters: number, most: number): AppError => {
    const message = `task, description and targets together make a message of ${String(characters)} characters; send at most ${String(most)}.`;
    return new AppError({ kind: 'invalid', code: 'VALIDATION_FAILED', message, details: { fields: [{ field: 'task', message }] } });
  },
  tooMuchUnsaved: (): AppError =>
    new AppError({
      kind: 'unavailable',
      code: 'COMMANDS_UNSAVED',
      message: `Too many changes of commands wait for PostgreSQL; nothing was changed. Try again in ${String(RETRY_AFTER_MS / 1_000)} s.`,
      details: { retryAfterMs: RETRY_AFTER_MS },
    }),
};

/** Whether a change that could not be saved, so often in a row, is to be tried again. */
export function isWorthRetrying(error: unknown, failures: number): boolean {
  const { kind, isRetryable } = toAppError(error);
  return kind === 'unavailable' || (isRetryable && failures < MAX_FAILURES);
}
