import { describe, expect, it } from '@jest/globals';
import { toStorableText } from './storable-text.js';

describe('storable text', () => {
  it.each(['', 'plain', '{"json": "\\u0000"}', 'emoji 👩‍👩‍👧 and \u{10FFFF}', 'tab\tline\r\n\u2028'])('leaves %j as it is', (text) => {
    expect(toStorableText(text)).toBe(text);
  });

  it('has a replacement character for every NUL', () => {
    expect(toStorableText('a\u0000b\u0000')).toBe('a\uFFFDb\uFFFD');
  });

  it('has a replacement character for every lone surrogate, and keeps pairs', () => {
    expect(toStorableText('\ud83d|\ude00|\ud83d\ude00')).toBe('\uFFFD|\uFFFD|😀');
  });
});
