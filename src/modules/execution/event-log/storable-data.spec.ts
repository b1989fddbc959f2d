import { describe, expect, it } from '@jest/globals';
import { toStorableData } from './storable-data.js';

describe('data of an event', () => {
  it('has no NUL and no half surrogate pair, however deep and in names too', () => {
    expect(toStorableData({ 'a\u0000': ['x\uD83D', { y: '\uDE00\u{1F600}', n: 1, none: null, is: true }] })).toEqual({ 'a\uFFFD': ['x\uFFFD', { y: '\uFFFD\u{1F600}', n: 1, none: null, is: true }] });
  });
});
