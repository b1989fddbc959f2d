import { APICallError, RetryError } from 'ai';
import type { ExecutionError } from '../../../contracts/index.js';
import { AppError } from '../../../shared/errors/index.js';
import { toStorableText } from '../../conversations/index.js';

/** Providers quote parts of the operator's key when they refuse it. */
const KEY = /\b(sk|nk|gsk|key)[-_][\w*.-]{4,}/gi;

/** What a model's failure is to whoever asked for the run. */
export function toExecutionError(thrown: unknown): ExecutionError {
  const cause = RetryError.isInstance(thrown) ? thrown.lastError : thrown;
  if (cause instanceof AppError) return { code: cause.code, message: cause.message };
  const status = APICallError.isInstance(cause) && cause.statusCode !== undefined ? ` (HTTP ${String(cause.statusCode)})` : '';
  return { code: 'PROVIDER_FAILED', message: `The model provider failed${status}: ${messageOf(cause)}` };
}

/** What was thrown, as a sentence that may be shown and stored. */
export function messageOf(thrown: unknown): string {
  return toStorableText(thrown instanceof Error ? thrown.message : String(thrown)).replace(KEY, '[key]');
}
