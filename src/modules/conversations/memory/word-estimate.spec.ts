import { describe, expect, it } from '@jest/globals';
import { WordEstimate } from './word-estimate.js';

const estimate = new WordEstimate();

describe('the estimate', () => {
  it.each([
    ['', 0],
    [' \n\t ', 0],
    ['hello', 1],
    ['one two three', 3],
    ['one two three four five six', 7],
    ['  spaces\n\nof   any\tkind  ', 5],
    [Array.from({ length: 100 }, () => 'w').join(' '), 133],
  ])('of "%s" is the whole part of words × 1.33: %i', (text, tokens) => {
    expect(estimate.count(text)).toBe(tokens);
  });

  it.each([
    ['你好世界', 4],
    ['你好，世界。', 5],
    ['𠮷野家', 3],
    ['東京タワーへ行きます', 10],
    ['コーヒー', 4],
    ['안녕하세요 세계', 7],
    ['สวัสดี', 6],
    ['ສະບາຍດີ', 7],
    ['សួស្តី', 6],
    ['မင်္ဂလာ', 7],
    ['བཀྲ', 3],
  ])('of a script without spaces is its characters: "%s" %i', (text, tokens) => {
    expect(estimate.count(text)).toBe(tokens);
  });

  it.each([
    ['我用 React 写代码', 5],
    ['three English words 你好', 5],
    ['你好 a b c d e', 7],
  ])('of a mixed text is the greater of the two: "%s" %i', (text, tokens) => {
    expect(estimate.count(text)).toBe(tokens);
  });

  it.each([
    ['😀', 1],
    ['😀😀😀', 3],
    ['👍🏽', 1],
    ['👨‍👩‍👧', 3],
    ['🇩🇪', 2],
    ['so good 👍', 3],
  ])('of emoji is their number: "%s" %i', (text, tokens) => {
    expect(estimate.count(text)).toBe(tokens);
  });

  it('of a decomposed accent is that of its word', () => {
    expect(estimate.count('e\u0301e\u0301e\u0301e\u0301')).toBe(1);
  });

  it('takes a text without spaces for one word, however long: too few, and known to be', () => {
    expect(estimate.count('x'.repeat(10_000))).toBe(1);
  });
});

describe('the cut by the estimate', () => {
  it('is behind a word, without the space after it', () => {
    expect(estimate.truncate('one two three four five six', 4)).toEqual({ text: 'one two three', tokens: 3 });
    expect(estimate.truncate('  one\n\ntwo', 1)).toEqual({ text: '  one', tokens: 1 });
  });

  it('is between two characters of a script without spaces', () => {
    expect(estimate.truncate('你好世界', 3)).toEqual({ text: '你好世', tokens: 3 });
    expect(estimate.truncate('𠮷𠮷𠮷', 2)).toEqual({ text: '𠮷𠮷', tokens: 2 });
  });

  it('is in the middle of a mixed text, wherever the room ends', () => {
    expect(estimate.truncate('我用 React 写代码', 3).text).toBe('我用 React 写');
    expect(estimate.truncate('我用 React写代码', 3).text).toBe('我用 React写');
    expect(estimate.truncate('React写代码', 1).text).toBe('React写');
    expect(estimate.truncate('你好 世界', 2).text).toBe('你好');
  });

  it('does not part a vowel sign from its letter, nor the members of a family', () => {
    expect(estimate.truncate('กีกี', 3).text).toBe('กี');
    expect(estimate.truncate('ที่ที่', 5).text).toBe('ที่');
    for (const room of [1, 2, 3]) expect(estimate.truncate('😀👨‍👩‍👧', room).text).toBe('😀');
  });
});
