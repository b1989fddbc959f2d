import { describe, expect, it } from '@jest/globals';
import { PAGE, pagesOf } from './pages.js';

describe('the pages of a batch', () => {
  it('have at most so many items, in their order', () => {
    const items = Array.from({ length: 2 * PAGE + 1 }, (_, i) => i);
    expect(pagesOf(items).map(({ length }) => length)).toEqual([PAGE, PAGE, 1]);
    expect(pagesOf(items).flat()).toEqual(items);
    expect(pagesOf([])).toEqual([]);
  });

  it('have at most 4 Mi characters, unless one item alone has more', () => {
    const characters = [3_000_000, 1_194_304, 1, 5_000_000, 4_194_305, 4_194_304];
    expect(pagesOf(characters, (count) => count)).toEqual([[3_000_000, 1_194_304], [1], [5_000_000], [4_194_305], [4_194_304]]);
  });
});
