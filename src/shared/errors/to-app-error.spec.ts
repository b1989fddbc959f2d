import { describe, expect, it } from '@jest/globals';
import { AppError, toAppError } from './index.js';

const driverError = (message: string, extra: object = {}): Error => Object.assign(new Error(message), extra);

describe('whatever was thrown', () => {
  it('stays what it is when it is ours', () => {
    const ours = new AppError({ kind: 'conflict', code: 'X', message: 'x' });
    expect(toAppError(ours)).toBe(ours);
  });

  // Shapes: pg 8 (code, severity), node (code), TypeORM (name QueryFailedError).
  it.each([
    ['a refused connection', driverError('connect ECONNREFUSED 127.0.0.1:5432', { code: 'ECONNREFUSED' })],
    ['a refused connection on every address', Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })],
    ['a reset connection', driverError('read ECONNRESET', { code: 'ECONNRESET' })],
    ['an unknown host', driverError('getaddrinfo ENOTFOUND db', { code: 'ENOTFOUND' })],
    ['a name server that does not answer', driverError('getaddrinfo EAI_AGAIN db', { code: 'EAI_AGAIN' })],
    ['a host without a route', driverError('connect EHOSTUNREACH 10.0.0.1:5432', { code: 'EHOSTUNREACH' })],
    ['a server that shuts down', driverError('terminating connection due to administrator command', { code: '57P01', severity: 'FATAL' })],
    ['a crashed server', driverError('the database system is in recovery mode', { code: '57P03', severity: 'FATAL' })],
    ['too many connections', driverError('sorry, too many clients already', { code: '53300', severity: 'FATAL' })],
    ['a connection failure', driverError('x', { code: '08006', severity: 'ERROR' })],
    ['a connection that ended', driverError('Connection terminated unexpectedly')],
    ['a full pool', driverError('timeout exceeded when trying to connect')],
    ['a closed client', driverError('Client was closed and is not queryable')],
    ['a transaction whose connection has ended', driverError('Query runner already released. Cannot run queries anymore.', { name: 'QueryRunnerAlreadyReleasedError' })],
    ['a manager whose connection has ended', driverError('Database connection provided by a query runner was already released', { name: 'QueryRunnerProviderAlreadyReleasedError' })],
    ['a commit whose connection has ended', driverError('Transaction is not started yet, start transaction before committing or rolling it back.', { name: 'TransactionNotStartedError' })],
    ['a broken client', driverError('Client has encountered a connection error and is not queryable')],
  ])('is DATABASE_UNAVAILABLE for %s', (_, thrown) => {
    const error = toAppError(thrown);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'DATABASE_UNAVAILABLE', isRetryable: true, details: { retryAfterMs: 2_000 } });
    expect(error.cause).toBe(thrown);
  });

  // Shapes: ioredis 5 and redis-parser's ReplyError.
  it.each([
    ['a closed connection', driverError('Connection is closed.')],
    ['a command without an answer', driverError('Command timed out')],
    ['a stream that cannot be written', driverError("Stream isn't writeable and enableOfflineQueue options is false")],
    ['a command tried too often', driverError('Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.', { name: 'MaxRetriesPerRequestError' })],
    ['a server that loads its data', driverError('LOADING Redis is loading the dataset in memory', { name: 'ReplyError' })],
    ['a replica', driverError("READONLY You can't write against a read only replica.", { name: 'ReplyError' })],
    ['a broken cluster', driverError('CLUSTERDOWN The cluster is down', { name: 'ReplyError' })],
  ])('is HOT_STORE_UNAVAILABLE for %s', (_, thrown) => {
    expect(toAppError(thrown)).toMatchObject({ kind: 'unavailable', code: 'HOT_STORE_UNAVAILABLE', details: { retryAfterMs: 2_000 }, cause: thrown });
  });

  it.each([
    ['full memory', driverError("OOM command not allowed when used memory > 'maxmemory'.", { name: 'ReplyError' })],
    ['a full disk', driverError('MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.', { name: 'ReplyError' })],
  ])('is HOT_STORE_FULL for %s', (_, thrown) => {
    expect(toAppError(thrown)).toMatchObject({ kind: 'unavailable', code: 'HOT_STORE_FULL', cause: thrown });
  });

  it.each([
    ['a mistake of ours', new TypeError('x is not a function')],
    ['a violated constraint', driverError('duplicate key', { name: 'QueryFailedError', code: '23505', severity: 'ERROR' })],
    ['a statement that took too long', driverError('canceling statement due to statement timeout', { name: 'QueryFailedError', code: '57014', severity: 'ERROR' })],
    ['PostgreSQL saying what Redis would say', driverError('READONLY something; OOM', { name: 'QueryFailedError', severity: 'ERROR' })],
    ['a wrong type in Redis', driverError('WRONGTYPE Operation against a key holding the wrong kind of value', { name: 'ReplyError' })],
    ['a numeric code', driverError('x', { code: 53300 })],
    ['a text', 'Oh no'],
    ['nothing', undefined],
  ])('is INTERNAL for %s, and shows nothing of it', (_, thrown) => {
    const error = toAppError(thrown);
    expect(error).toMatchObject({ kind: 'internal', code: 'INTERNAL', isRetryable: true, details: undefined });
    expect(error.cause).toBe(thrown);
    expect(error.message).toBe('Something failed on our side; the log has the details under this requestId.');
  });
});

describe('an error of ours', () => {
  it.each([
    ['unavailable', true],
    ['internal', true],
    ['conflict', false],
    ['invalid', false],
    ['limited', false],
  ] as const)('of the kind %s can be tried again: %s', (kind, isRetryable) => {
    expect(new AppError({ kind, code: 'X', message: 'x' }).isRetryable).toBe(isRetryable);
  });
});
