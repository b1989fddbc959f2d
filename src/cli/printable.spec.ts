import { describe, expect, it } from '@jest/globals';
import { columnsOf, printable, printableJson, printableLines, shortened } from './printable.js';

// Escapes, a C1 control, a mark that turns the line around, ends of lines that are none to JSON, half a character, a tag character.
const UGLY = '\u001b[31mred\u009b2J\u202eabc\u2028\ud800x\u{e0041}\u0007\n\t';
const SAFE = '\\u001b[31mred\\u009b2J\\u202eabc\\u2028\\ud800x\\udb40\\udc41\\u0007\\n\\t';

describe('text for a terminal', () => {
  it('has nothing in it that a terminal obeys or hides', () => {
    expect(printable(UGLY)).toBe(SAFE);
    expect(printableLines('a\nb\u001b')).toBe('a\nb\\u001b');
    expect(printable('plain – größer, 世界, 👍')).toBe('plain – größer, 世界, 👍');
  });

  it('is the same value, as JSON', () => {
    const value = { [UGLY]: [UGLY, { 'a\\u001b': '\\' }] };
    for (const indent of [undefined, 2]) expect(JSON.parse(printableJson(value, indent))).toEqual(value);
    expect(printableJson([UGLY])).toBe(`["${SAFE}"]`);
  });

  it.each([['abc', 3], ['世界', 4], ['👍', 2], ['e\u0301', 1], ['', 0]])('%j takes %i columns', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['世界世', 5, '世界…'],
    ['世界世', 4, '世…'],
    ['\u001b[0m', 5, '\\u00…'],
    ['x'.repeat(1_000_000), 4, 'xxx…'],
  ])('%# is shortened to its columns', (text, width, short) => {
    expect(shortened(text, width)).toBe(short);
  });
});
