import { describe, expect, it } from '@jest/globals';
import { PAGE, pagesByText, pagesOf } from './pages.js';

describe('the pages of a batch', () => {
  it('have at most so many items, in their order', () => {
    const items = Array.from({ length: 2 * PAGE + 1 }, (_, i) => i);
    for (const pages of [[...pagesOf(items)], pagesByText(items, () => 1)]) {
      expect(pages.map(({ length }) => length)).toEqual([PAGE, PAGE, 1]);
      expect(pages.flat()).toEqual(items);
    }
    expect([[...pagesOf([])], [...pagesOf([1, 2, 3], 2)], pagesByText([], () => 1)]).toEqual([[], [[1, 2], [3]], []]);
  });

  it('have at most 4 Mi characters, unless one item alone has more', () => {
    const characters = [3_000_000, 1_194_304, 1, 5_000_000, 4_194_305, 4_194_304];
    expect(pagesByText(characters, (count) => count)).toEqual([[3_000_000, 1_194_304], [1], [5_000_000], [4_194_305], [4_194_304]]);
  });
});
