import type { AppError } from '../errors/index.js';
import { secretFree } from '../telemetry/index.js';

/** What the log says of a failed try. */
export interface FailureLine {
  readonly level: 'warn' | 'error';
  readonly message: string;
  /** `err`, with a stack, where somebody has something to mend; else `reason`, a sentence. */
  readonly why: { readonly err: unknown } | { readonly reason: string };
}

/**
 * A mistake of the caller's is none of ours: a warning without a stack. Conflicts are the caller's only if he is told of them; else
 * they may be between our stores (ARCHIVE_MISMATCH), and an operator's to mend.
 *
 * @param outcome isRetried: another try follows; isToldToAsker: whoever asked waits for the answer
 */
export function failureLine(error: AppError, { isRetried, isToldToAsker }: { readonly isRetried: boolean; readonly isToldToAsker: boolean }): FailureLine {
  const err = error.cause ?? error;
  if (isRetried) return { level: 'warn', message: 'A job failed and will be tried again', why: { err } };
  if (error.isRetryable || (error.kind === 'conflict' && !isToldToAsker)) return { level: 'error', message: 'A job failed for good', why: { err } };
  return { level: 'warn', message: 'A job asked for what cannot be', why: { reason: reasonOf(error) } };
}

/** Why it failed, with what caused it, and without secrets. */
export function reasonOf({ message, cause }: AppError): string {
  return secretFree(cause instanceof Error ? `${message} (${cause.message})` : message);
}
