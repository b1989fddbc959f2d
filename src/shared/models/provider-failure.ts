import { APICallError, JSONParseError, RetryError, TypeValidationError } from 'ai';
import { type ExecutionError, toStorableText } from '../../contracts/index.js';
import { AppError } from '../errors/index.js';
import { secretFree } from '../telemetry/index.js';

/** Providers quote the operator's key, or parts of it, when they refuse it. What looks like one is left out, whosever it is. */
const KEY = /\b(sk|nk|gsk|key)[-_][\w*.-]{4,}/gi;

/** Of what a provider says this much is told; it may have sent megabytes. Characters. */
const TOLD = 500;
const WAY_OUT = 'Try again; if it stays so, check that the base URL is that of an OpenAI-compatible API, and what its provider says.';

/** Takes what the operator keeps secret out of a text. */
export type Redact = (text: string) => string;

/** What a model's failure is to whoever asked for the run. @param redact takes out the keys that providers are called with */
export function toExecutionError(thrown: unknown, redact: Redact): ExecutionError {
  const cause = lastOf(thrown);
  if (cause instanceof AppError) return { code: cause.code, message: cause.message };
  return { code: 'PROVIDER_FAILED', message: `The model provider failed${statusOf(cause)}: ${sentenceOf(cause, redact)}` };
}

/** The HTTP status that a provider has answered with; undefined when it has not answered. */
export function httpStatusOf(thrown: unknown): number | undefined {
  const cause = lastOf(thrown);
  return APICallError.isInstance(cause) ? cause.statusCode : undefined;
}

/** What the last of several tries failed with. */
function lastOf(thrown: unknown): unknown {
  return RetryError.isInstance(thrown) ? thrown.lastError : thrown;
}

/** What was thrown, as a sentence that may be shown and stored. */
export function messageOf(thrown: unknown, redact: Redact = asItIs): string {
  return shown(thrown instanceof Error ? thrown.message : String(thrown), redact);
}

function statusOf(cause: unknown): string {
  const status = httpStatusOf(cause);
  return status === undefined || status === 200 ? '' : ` (HTTP ${String(status)})`;
}

/** The SDK's own words for a broken answer are for programmers. */
function sentenceOf(cause: unknown, redact: Redact): string {
  if (JSONParseError.isInstance(cause)) return `it sent what is no part of an answer: ${shown(cause.text, redact)} ${WAY_OUT}`;
  if (TypeValidationError.isInstance(cause)) return `it sent what is no part of an answer: ${shown(JSON.stringify(cause.value), redact)} ${WAY_OUT}`;
  // What came was whole, and something else.
  if (isMisread(cause)) return sentenceOf(cause.cause, redact);
  if (httpStatusOf(cause) === 200) return `its connection broke off before its answer was whole. ${WAY_OUT}`;
  const message = messageOf(cause, redact);
  return message.includes('without a finish reason') ? `its answer ended before it was whole, or was none. ${WAY_OUT}` : message;
}

function isMisread(cause: unknown): cause is APICallError {
  return APICallError.isInstance(cause) && cause.statusCode === 200 && (JSONParseError.isInstance(cause.cause) || TypeValidationError.isInstance(cause.cause));
}

/** Redacted before it is cut: half a key is not found any more. */
function shown(text: string, redact: Redact): string {
  const told = secretFree(redact(toStorableText(text)).replace(KEY, '[key]'));
  return told.length > TOLD ? `${toStorableText(told.slice(0, TOLD))} …` : told;
}

function asItIs(text: string): string {
  return text;
}
