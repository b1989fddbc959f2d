import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { MemoCache } from '../index.js';

describe('a memoised generator', () => {
  it('is kept once it has ended, and only then', () => {
    const cache = new MemoCache();
    const runs: string[] = [];
    const stream = cache.memoize(function* stream(n: number, failsAt = -1) {
      try {
        for (let i = 0; i < n; i++) {
          if (i === failsAt) throw new Error('processing');
          yield { i };
        }
      } finally {
        runs.push('closed');
      }
    }, { exclude: ['failsAt'] });
    for (const { i } of stream(3)) if (i === 1) break;
    expect(() => [...stream(3, 2)]).toThrow('processing');
    expect(() => { for (const { i } of stream(3)) if (i === 1) throw new Error('consumer'); }).toThrow('consumer');
    const exact = stream(3);
    for (let i = 0; i < 3; i++) exact.next();
    expect([cache.size, runs.length]).toEqual([0, 3]);
    const [left, right] = [stream(3), stream(3)];
    const seen = Array.from({ length: 4 }, () => [left.next().value, right.next().value]);
    expect(seen).toEqual([...[0, 1, 2].map((i) => [{ i }, { i }]), [undefined, undefined]]);
    expect([cache.size, [...stream(3)]]).toEqual([1, [{ i: 0 }, { i: 1 }, { i: 2 }]]);
    const before = runs.length;
    for (const item of stream(3)) item.i = 9;
    expect([[...stream(3)][0], runs.length]).toEqual([{ i: 0 }, before]);
    expect([[...stream(0)], [...stream(0)], runs.length]).toEqual([[], [], before + 1]);
  });

  it('is not kept when something was sent into it, or when it yields what cannot be kept', () => {
    const cache = new MemoCache();
    const echo = cache.memoize(function* echo(): Generator<unknown, unknown, unknown> { return yield 1; });
    const talk = echo();
    talk.next();
    expect([talk.next('hi').value, cache.size]).toEqual(['hi', 0]);
    const odd = cache.memoize(function* odd() { yield () => 1; yield 2; });
    expect([[...odd()].length, cache.size]).toEqual([2, 0]);
  });
});

describe('a memoised batch', () => {
  it('is called with the items that are not kept, once each', () => {
    const cache = new MemoCache();
    const calls: number[][] = [];
    const squares = cache.batchMemoize((items: readonly number[], power: number) => (calls.push([...items]), items.map((x) => ({ x: x ** power }))));
    expect(squares([5, 5, 1], 2)).toEqual([{ x: 25 }, { x: 25 }, { x: 1 }]);
    expect(squares([1, 5, 6], 2)).toEqual([{ x: 1 }, { x: 25 }, { x: 36 }]);
    expect(squares([1], 3)).toEqual([{ x: 1 }]);
    expect(squares([], 2)).toEqual([]);
    expect(calls).toEqual([[5, 1], [6], [1]]);
    expect(cache.get(squares, { items: [6], power: 2 })).toEqual({ x: 36 });
    const [twice, again] = squares([6, 6], 2);
    twice!.x = 0;
    expect(again).toEqual({ x: 36 });
  });

  it('sends an item that has no key each time', () => {
    const calls: number[] = [];
    const named = new MemoCache().batchMemoize((items: readonly unknown[]) => (calls.push(items.length), items.map(String)), { name: 'named' });
    const fn = (): number => 1;
    expect([named([1, fn, fn]).length, named([1, fn, fn]).length, calls]).toEqual([3, 3, [3, 2]]);
  });

  it('keeps nothing of a wrong number of outputs, and refuses streams', async () => {
    const cache = new MemoCache();
    const short = cache.batchMemoize((items: readonly number[]) => items.slice(1), { name: 'short' });
    expect(() => short([1, 2])).toThrow(expect.objectContaining({ code: 'MEMO_BATCH_LENGTH', message: '"short" returned 1 outputs for 2 inputs; a batch function answers each input, in order.' }));
    const later = cache.batchMemoize(async (items: readonly number[]) => Promise.resolve([...items, 1]), { name: 'later' });
    await expect(later([1, 2])).rejects.toMatchObject({ code: 'MEMO_BATCH_LENGTH' });
    expect(() => cache.batchMemoize(function* stream(items: number[]) { yield* items; })).toThrow(expect.objectContaining({ code: 'MEMO_BATCH_STREAMS' }));
    expect(() => short('ab' as never)).toThrow(expect.objectContaining({ code: 'MEMO_BATCH_INPUT' }));
    expect(cache.size).toBe(0);
  });

  it('waits for items that another batch is computing', async () => {
    const calls: string[][] = [];
    const embed = new MemoCache().batchMemoize(async (model: string, texts: readonly string[]) => {
      calls.push([...texts]);
      await sleep(5);
      return texts.map((text) => [model, text.length]);
    }, { name: 'embed', itemIndex: 1 });
    const answers = await Promise.all([embed('m', ['a', 'bb']), embed('m', ['bb', 'ccc']), embed('m', ['a'])]);
    expect(answers).toEqual([[['m', 1], ['m', 2]], [['m', 2], ['m', 3]], [['m', 1]]]);
    expect(calls).toEqual([['a', 'bb'], ['ccc']]);
  });
});
