import { describe, expect, it } from '@jest/globals';
import { AppError, type ErrorKind } from '../errors/index.js';
import { failureLine, reasonOf } from './failed-try.js';

const failed = (kind: ErrorKind, cause?: unknown): AppError => new AppError({ kind, code: 'X', message: 'It cannot be.', cause });
const FOR_GOOD = { isRetried: false, isToldToAsker: false };
const TOLD = { isRetried: false, isToldToAsker: true };

describe('the log', () => {
  it.each(['invalid', 'forbidden', 'notFound', 'limited', 'tooLarge', 'unauthenticated'] as const)('has no stack and no error for a mistake of the caller\'s: %s', (kind) => {
    const line = { level: 'warn', message: 'A job asked for what cannot be', why: { reason: 'It cannot be.' } };
    expect([failureLine(failed(kind), FOR_GOOD), failureLine(failed(kind), TOLD)]).toEqual([line, line]);
  });

  it.each(['internal', 'unavailable'] as const)('has an error with what was thrown for what is ours: %s', (kind) => {
    const cause = new TypeError('x is not a function');
    expect(failureLine(failed(kind, cause), FOR_GOOD)).toEqual({ level: 'error', message: 'A job failed for good', why: { err: cause } });
    expect(failureLine(failed(kind), TOLD)).toMatchObject({ level: 'error', why: { err: expect.any(AppError) } });
  });

  it('has an error for a conflict that nobody is told of, and a warning for one that the caller is', () => {
    expect([failureLine(failed('conflict'), FOR_GOOD).level, failureLine(failed('conflict'), TOLD).level]).toEqual(['error', 'warn']);
  });

  it('warns, with the stack, of a try that is not the last', () => {
    expect(failureLine(failed('unavailable'), { isRetried: true, isToldToAsker: false })).toMatchObject({ level: 'warn', message: 'A job failed and will be tried again', why: { err: expect.any(AppError) } });
  });
});

describe('the reason', () => {
  it('has what caused it', () => {
    expect(reasonOf(failed('invalid', new TypeError('no')))).toBe('It cannot be. (no)');
  });
});
