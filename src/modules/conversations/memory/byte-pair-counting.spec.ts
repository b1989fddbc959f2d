import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { BytePairCounting, cl100kCounting, o200kCounting } from './byte-pair-counting.js';
import { WordEstimate } from './word-estimate.js';

const EXAMPLES = ['hello', 'hello world', 'Antidisestablishmentarianism!', '你好，世界', 'こんにちは世界', '안녕하세요', 'สวัสดีครับ', '👨‍👩‍👧', 'naïve café — “quoted”'];

describe('the count with a tokenizer', () => {
  it.each(EXAMPLES)('is the tokenizer\'s own: "%s"', (text) => {
    expect(o200kCounting.count(text)).toBe(countO200k(text));
    expect(cl100kCounting.count(text)).toBe(countCl100k(text));
  });

  it('differs from one encoding to the other', () => {
    expect([o200kCounting.count('こんにちは世界'), cl100kCounting.count('こんにちは世界')]).toEqual([2, 4]);
  });

  it.each(['<|endoftext|>', '<|endofprompt|>', 'say <|endoftext|> twice <|endoftext|>'])('takes %s as text: it neither throws nor is one token', (text) => {
    for (const counting of [o200kCounting, cl100kCounting]) expect(counting.count(text)).toBeGreaterThan(3);
  });

  it('is of a long text the sum of its slices, a little too many', () => {
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
    const exact = countO200k(text);
    expect(o200kCounting.count(text)).toBeGreaterThanOrEqual(exact);
    expect(o200kCounting.count(text)).toBeLessThan(exact * 1.02);
  });

  it('never splits a character between two slices', () => {
    const text = `${'a'.repeat(511)}😀${'b'.repeat(511)}`;
    expect(o200kCounting.count(text)).toBe(o200kCounting.count('a'.repeat(511)) + o200kCounting.count(`😀${'b'.repeat(510)}`) + o200kCounting.count('b'));
  });
});

describe('the cut with a tokenizer', () => {
  it('keeps the first tokens', () => {
    expect(o200kCounting.truncate('one two three four', 2)).toEqual({ text: 'one two', tokens: 2 });
    expect(cl100kCounting.truncate('one two three four', 3)).toEqual({ text: 'one two three', tokens: 3 });
  });

  it('leaves a character out whose first token alone fits', () => {
    expect(o200kCounting.count('龘')).toBeGreaterThan(1);
    expect(o200kCounting.truncate('a 龘', 2).text).toBe('a ');
    expect(o200kCounting.truncate('龘', 1)).toEqual({ text: '', tokens: 0 });
  });

  it('reaches into a later slice, to the token', () => {
    const text = 'word '.repeat(1_000);
    const { text: cut, tokens } = o200kCounting.truncate(text, 777);
    expect(tokens).toBe(777);
    expect(cut.length).toBeGreaterThan(3_000);
  });

  it('cuts what looks like a special token as text', () => {
    expect(o200kCounting.truncate('<|endoftext|>', 2).text).toMatch(/^<\|?/);
  });

  it('does not spoil the counts that come after it', () => {
    for (let room = 1; room < 8; room++) o200kCounting.truncate('👨‍👩‍👧龘𠮷', room);
    expect(o200kCounting.count('hello world')).toBe(2);
  });
});

describe('a counting over any tokenizer', () => {
  /** A character is a token, and an `!` at the end is two more. */
  const countTokens = (text: unknown): number => String(text).length + (String(text).endsWith('!') ? 2 : 0);
  const encode = (text: string): number[] => Array.from({ length: countTokens(text) }, (_, index) => text.charCodeAt(index) || 0);
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

  it('cuts shorter where the beginning has more tokens by itself than it had in the text', () => {
    const counting = new BytePairCounting({ countTokens, encode, setMergeCacheSize: () => undefined }, ascii);
    expect(counting.truncate('ab!cd', 3)).toEqual({ text: 'ab', tokens: 2 });
    expect(counting.truncate('!!!cd', 2)).toEqual({ text: '', tokens: 0 });
  });

  it('gives it at most 512 code units at once, and little to remember', () => {
    const measured = jest.fn(countTokens);
    const setMergeCacheSize = jest.fn();
    const counting = new BytePairCounting({ countTokens: measured, encode, setMergeCacheSize }, ascii);
    counting.count('x'.repeat(10_000));
    counting.truncate('x'.repeat(10_000), 5_000);
    expect(Math.max(...measured.mock.results.map(({ value }) => Number(value)))).toBe(512);
    expect(setMergeCacheSize.mock.calls).toEqual([[2_000]]);
  });
});

describe('what is remembered of a long text', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapMegabytes = (): number => {
    collect();
    return process.memoryUsage().heapUsed / 1_000_000;
  };

  it.each([
    ['counted', (text: string) => o200kCounting.count(text.slice(-1_024))],
    ['cut', (text: string) => o200kCounting.truncate(text, 10)],
    ['cut by the estimate', (text: string) => new WordEstimate().truncate(text, 10)],
  ])('does not keep all of it, when it is %s', (_, remembered) => {
    const random = new SeededRandom(1);
    const before = heapMegabytes();
    const results = Array.from({ length: 40 }, () => remembered(Buffer.from(`${random.text([...'abcdefghijklmnopqrstuvwxyz'], 30)} ${'word '.repeat(200_000)}${random.text([...'abcdefghijklmnopqrstuvwxyz'], 30)}`).toString()));
    expect(heapMegabytes() - before).toBeLessThan(10);
    expect(results).toHaveLength(40);
  });
});
