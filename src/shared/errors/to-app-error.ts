import { AppError, type AppErrorInit } from './app-error.js';

/** How long a caller should wait when a store is out of reach; ioredis and pg reconnect well within it. */
const RETRY_AFTER_MS = 2_000;
const RETRY_AFTER = `Try again in ${String(RETRY_AFTER_MS / 1_000)} s.`;

/** What a driver's error says of itself. */
interface Symptoms {
  readonly isPostgres: boolean;
  readonly name: string;
  readonly message: string;
  readonly code: string;
}

interface Outage extends Pick<AppErrorInit, 'code' | 'message'> {
  readonly isIt: (symptoms: Symptoms) => boolean;
}

/** Sources of the patterns: ioredis 5, pg 8, TypeORM 1, and the PostgreSQL error codes (class 08, 57P, 53300). */
const POSTGRES_DOWN_CODE = /^(08...|57P0[123]|53300|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
const POSTGRES_DOWN = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|timeout expired|Query read timeout|Driver not Connected/;
/** A connection that ends between two statements takes TypeORM's query runner, and with it the transaction, along. */
const POSTGRES_DOWN_NAMES = new Set(['ConnectionIsNotSetError', 'QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError', 'TransactionNotStartedError']);
const REDIS_DOWN = /Connection is closed|Command timed out|Stream isn't writeable|max retries per request|^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN)/;
const REDIS_FULL = /^(OOM|MISCONF)/;

const OUTAGES: readonly Outage[] = [
  {
    code: 'DATABASE_UNAVAILABLE',
    message: `PostgreSQL is out of reach. What was acknowledged is safe; a change may or may not have been made. ${RETRY_AFTER}`,
    isIt: ({ code, message, name }) => POSTGRES_DOWN_CODE.test(code) || POSTGRES_DOWN.test(message) || POSTGRES_DOWN_NAMES.has(name),
  },
  {
    code: 'HOT_STORE_FULL',
    message: 'Redis refuses writes (memory or disk full); nothing was stored and nothing was lost. Try again once the operator has made room.',
    isIt: ({ isPostgres, message }) => !isPostgres && REDIS_FULL.test(message),
  },
  {
    code: 'HOT_STORE_UNAVAILABLE',
    message: `Redis is out of reach. What was acknowledged is safe; this call may or may not have been taken up. ${RETRY_AFTER}`,
    isIt: ({ isPostgres, name, message }) => !isPostgres && (name === 'MaxRetriesPerRequestError' || REDIS_DOWN.test(message)),
  },
];

/** Whatever was thrown, as an AppError: ours unchanged, a driver's unreachable server as `unavailable`, anything else as `internal`. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const symptoms = symptomsOf(thrown);
  const outage = OUTAGES.find(({ isIt }) => isIt(symptoms));
  if (!outage) return new AppError({ kind: 'internal', code: 'INTERNAL', message: 'Something failed on our side; the log has the details under this requestId.', cause: thrown });
  const { code, message } = outage;
  return new AppError({ kind: 'unavailable', code, message, details: { retryAfterMs: RETRY_AFTER_MS }, cause: thrown });
}

function symptomsOf(thrown: unknown): Symptoms {
  // By shape, not by class: an error of another realm or another copy of a driver is the same error.
  if (typeof thrown !== 'object' || thrown === null) return { isPostgres: false, name: '', message: String(thrown), code: '' };
  const { name, message, code } = thrown as Readonly<Record<'name' | 'message' | 'code', unknown>>;
  return { isPostgres: name === 'QueryFailedError' || 'severity' in thrown, name: textOf(name), message: textOf(message), code: textOf(code) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
