import { describe, expect, it } from '@jest/globals';
import { TokenCounter } from './token-counter.service.js';

describe('the token counter', () => {
  const tokens = new TokenCounter();

  it('counts in o200k_base', () => {
    expect([tokens.count(''), tokens.count('hello'), tokens.count('hello world')]).toEqual([0, 1, 2]);
  });

  it.each(['<|endoftext|>', '<|endofprompt|>', 'say <|endoftext|> twice <|endoftext|>'])('counts %s as text: it neither throws nor is one token', (text) => {
    expect(tokens.count(text)).toBeGreaterThan(3);
  });

  it('counts what is no well-formed text without throwing', () => {
    expect(tokens.count('\ud800 \u0000')).toBeGreaterThan(0);
  });
});
