import { describe, expect, it } from '@jest/globals';
import { EQUAL_ARGUMENTS, UNLIKE_ARGUMENTS } from '../../../../test/support/adversarial-arguments.js';
import { MemoCache } from '../index.js';

describe('the key of a call that was made before', () => {
  it.each(UNLIKE_ARGUMENTS)('is not that of another one: %s', (_, left, right) => {
    const keys = [new MemoCache().memoize((x: unknown, y?: unknown, z?: unknown) => [x, y, z], { name: 'f', params: ['x', 'y', 'z'] })].flatMap((f) =>
      [left, right, left, right].flatMap((value) => [f.keyOf(value), f.keyOf('p', value), f.keyOf('p', 'q', value), f.keyOf(value, 'p')]),
    );
    expect(new Set(keys).size).toBe(8);
  });

  it.each(EQUAL_ARGUMENTS)('is that of an equal one: %s', (_, left, right) => {
    const f = new MemoCache().memoize((x: unknown) => x, { name: 'f' });
    expect([f.keyOf(left), f.keyOf(right)]).toEqual([f.keyOf(right), f.keyOf(left)]);
  });

  it('is not that of an object as it was then', () => {
    const f = new MemoCache().memoize((x: { a: number }) => x.a, { name: 'f' });
    const given = { a: 1 };
    expect(f(given)).toBe(1);
    given.a = 2;
    expect(f(given)).toBe(2);
  });

  it('does not depend on how many others there were, nor on names that are left out meanwhile', () => {
    const cache = new MemoCache();
    const f = cache.memoize((x: number, y = 0) => x + y, { name: 'f', params: ['x', 'y'] });
    const before = Array.from({ length: 5_000 }, (_, x) => [f.keyOf(x), f.keyOf(x, 1)]);
    expect(new Set(before.flat()).size).toBe(10_000);
    expect(Array.from({ length: 5_000 }, (_, x) => [f.keyOf(x), f.keyOf(x, 1)])).toEqual(before);
    cache.setExclude(['y']);
    expect(f.keyOf(7, 1)).toBe(f.keyOf(7));
  });
});
