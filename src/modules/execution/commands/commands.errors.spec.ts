import { describe, expect, it } from '@jest/globals';
import { commandErrors, isWorthRetrying } from './commands.errors.js';

describe('a change that could not be saved', () => {
  it.each([
    ['PostgreSQL is away, however often', Object.assign(new RangeError('x'), { code: 'ECONNREFUSED' }), 100_000, true],
    ['something of ours failed', new RangeError('x'), 719, true],
    ['something of ours failed for an hour', new RangeError('x'), 720, false],
    ['the command is gone', commandErrors.notFound('cmd_1'), 1, false],
  ])('because %s is tried again or not', (_, error, failures, isWorthIt) => {
    expect(isWorthRetrying(error, failures)).toBe(isWorthIt);
  });
});
