import { describe, expect, it } from '@jest/globals';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import { cl100kCounting, o200kCounting } from './byte-pair-counting.js';
import { WordEstimate } from './word-estimate.js';

const COUNTINGS = [
  { name: 'o200k_base', counting: o200kCounting },
  { name: 'cl100k_base', counting: cl100kCounting },
  { name: 'the estimate', counting: new WordEstimate() },
];

const PIECES: Readonly<Record<string, readonly string[]>> = {
  English: ['the ', 'unbelievably ', "don't ", 'SHOUTING', '\n\n', '  ', '\t', '1234567 ', '!?', 'é'],
  Chinese: ['你', '好', '世界', '我是', '，', '。', '龘', '𠮷'],
  Japanese: ['こんにちは', 'コーヒー', '東京', 'を', '。', 'ｶﾞ'],
  Korean: ['안녕', '하세요 ', '서울', ' '],
  Thai: ['สวัสดี', 'กำ', 'ที่', ' '],
  emoji: ['😀', '👍🏽', '👨‍👩‍👧', '🇩🇪', '❤️', '1️⃣', ' '],
  'special tokens': ['<|endoftext|>', '<|im_start|>', '<|endofprompt|>', 'a'],
  Base64: [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'],
  'everything mixed': ['the ', 'word', '你', 'コ', 'สวั', '😀', '👨‍👩‍👧', '\n', '<|endoftext|>', '\u0000', 'e\u0301', '９'],
};

/** Texts of every kind: short ones, and ones of several slices. */
const texts = Object.entries(PIECES).flatMap(([kind, pieces], index) => [3, 40, 1_500].map((count) => ({ kind, text: new SeededRandom(index * 7 + count).text(pieces, count) })));

describe.each(COUNTINGS)('a counting: $name', ({ counting }) => {
  it('has nothing in an empty text', () => {
    expect(counting.count('')).toBe(0);
    expect(counting.truncate('', 5)).toEqual({ text: '', tokens: 0 });
    expect(counting.truncate('', 0)).toEqual({ text: '', tokens: 0 });
  });

  it('leaves nothing of a text where there is room for nothing', () => {
    for (const room of [0, -1]) expect(counting.truncate('hello world 你好', room)).toEqual({ text: '', tokens: 0 });
  });

  it.each(texts)('leaves a text whole that fits exactly, or has any room: $kind', ({ text }) => {
    const tokens = counting.count(text);
    for (const room of [tokens, tokens + 1, Number.POSITIVE_INFINITY]) expect(counting.truncate(text, room)).toEqual({ text, tokens });
  });

  it.each(texts)('cuts to a beginning that fits, counted as any text, and cuts no character: $kind', ({ text }) => {
    const whole = counting.count(text);
    const random = new SeededRandom(text.length);
    for (const room of [1, 2, 3, Math.floor(whole / 2), whole - 1, random.int(whole), random.int(whole)].filter((tokens) => tokens >= 0 && tokens < whole)) {
      const cut = counting.truncate(text, room);
      expect(text.startsWith(cut.text)).toBe(true);
      expect(cut.text.length).toBeLessThan(text.length);
      expect(cut.tokens).toBe(counting.count(cut.text));
      expect(cut.tokens).toBeLessThanOrEqual(room);
      expect(cut.text.isWellFormed()).toBe(true);
      expect(cut.text).not.toContain('\ufffd');
    }
  });

  it.each(texts.filter(({ text }) => text.length > 1_000))('uses the room up but for a few tokens: $kind', ({ text }) => {
    const room = Math.floor(counting.count(text) / 2);
    expect(counting.truncate(text, room).tokens).toBeGreaterThan(room - 20);
  });

  it('neither throws nor hangs on text that is not well-formed', () => {
    expect(counting.count('\ud800 \u0000 \udc00')).toBeGreaterThan(0);
    expect(counting.truncate('word \ud800\ud800 \udc00 word '.repeat(200), 50).tokens).toBeLessThanOrEqual(50);
  });

  it('cuts a text of 1 MiB without spaces, without words and without end of a character in reach', () => {
    for (const text of ['a'.repeat(1 << 20), '😀'.repeat(1 << 18), ' '.repeat(1 << 20), '\u0e31'.repeat(1 << 18)]) {
      const { text: cut, tokens } = counting.truncate(text, 1_000);
      expect(text.startsWith(cut)).toBe(true);
      expect(tokens).toBeLessThanOrEqual(1_000);
    }
  });
});
