import { describe, expect, it } from '@jest/globals';
import { redactionOf } from './redaction.js';

describe('secrets in what others say', () => {
  const { text, json } = redactionOf(['Bearer abcdef123', 'tenant"42"', 'on']);

  it('are replaced, with and without their scheme, and in the letters of JSON', () => {
    expect(text('You sent Bearer abcdef123 and abcdef123; tenant"42", {"t":"tenant\\"42\\""}')).toBe('You sent [secret] and [secret]; [secret], {"t":"[secret]"}');
    expect(json({ a: ['x abcdef123'], 'tenant"42"': 1 })).toEqual({ a: ['x [secret]'], '[secret]': 1 });
  });

  it('are not what is too short to be one, and leave alone what holds none', () => {
    const value = { on: true };
    expect(text('on and on')).toBe('on and on');
    expect(json(value)).toBe(value);
    expect(redactionOf([]).text('x')).toBe('x');
  });
});
