import { describe, expect, it } from '@jest/globals';
import { loggedError } from './logged-error.js';

describe('an error in a log', () => {
  it('has what it says of itself, and nothing that a driver hung on it', () => {
    const thrown = Object.assign(new TypeError('no'), { code: '23505', parameters: ['s3cret'], command: { args: ['s3cret'] }, requestBodyValues: { key: 's3cret' }, detail: 'Key (x)=(s3cret)' });
    const logged = loggedError(thrown);
    expect(logged).toEqual({ type: 'TypeError', message: 'no', code: '23505', stack: expect.stringContaining('TypeError: no') });
  });

  it('has its causes, but not for ever', () => {
    const thrown = new Error('a', { cause: new Error('b', { cause: 'c' }) });
    expect(loggedError(thrown)).toMatchObject({ message: 'a', cause: { message: 'b', cause: { type: 'string', message: 'c' } } });
    const round = new Error('round');
    round.cause = round;
    expect(JSON.stringify(loggedError(round)).match(/"message"/g)).toHaveLength(4);
  });

  it.each([[undefined, 'undefined'], [5, '5'], ['text', 'text']])('can be %s', (thrown, message) => {
    expect(loggedError(thrown)).toMatchObject({ message });
  });
});
