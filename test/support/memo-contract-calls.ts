import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MemoEvent } from '../../src/shared/memo/index.js';
import { type ContractSubject, entriesOf, openAnother, openEach, sizeOf } from './memo-contract-subject.js';
import { waitFor } from './wait-for.js';

/** What memoised functions do over every backend. */
export function memoises(name: string, subject: ContractSubject): void {
  describe(`${name} under memoised functions`, () => {
    const at = openEach(subject);
    const runs: unknown[] = [];
    beforeEach(() => {
      runs.length = 0;
    });

    it('computes once for the same arguments, and never again for what looks like nothing', async () => {
      for (const [i, result] of ['', {}, [], 0, false, null, undefined].entries()) {
        const f = at.cache.memoize((x: number): unknown => (runs.push(x), result), { name: `f${String(i)}` });
        expect([await f(1), await f(1), await f(1)]).toStrictEqual([result, result, result]);
      }
      expect(runs.length).toBe(7);
    });

    it('computes a promised result once, for callers at the same time, too', async () => {
      const double = at.cache.memoize(async (x: number): Promise<number> => (runs.push(x), Promise.resolve(x * 2)), { name: 'double' });
      expect(await Promise.all([double(5), double(5), double(5), double(5), double(6)])).toEqual([10, 10, 10, 10, 12]);
      expect(await double(5)).toBe(10);
      expect(runs.toSorted()).toEqual([5, 6]);
    });

    it('does not keep what failed', async () => {
      let fails = true;
      const f = at.cache.memoize(async (x: number): Promise<number> => {
        runs.push(x);
        await Promise.resolve();
        if (fails) throw new Error('not now');
        return x;
      }, { name: 'f' });
      const callers = await Promise.allSettled([f(1), f(1), f(1)]);
      expect(callers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      fails = false;
      expect([await f(1), await f(1), runs.length]).toEqual([1, 1, 2]);
    });
  });
}

/** What streams do over every backend. */
export function memoisesStreams(name: string, subject: ContractSubject): void {
  describe(`${name} under streams`, () => {
    const at = openEach(subject);
    const runs: unknown[] = [];
    beforeEach(() => {
      runs.length = 0;
    });

    it('keeps a stream when it has ended, and replays it', async () => {
      const stream = at.cache.memoize(async function* stream(n: number): AsyncGenerator<{ i: number }, string> {
        runs.push(n);
        for (let i = 0; i < n; i++) yield Promise.resolve({ i });
        return 'end';
      });
      for await (const { i } of stream(3)) if (i === 1) break;
      expect(await sizeOf(at.cache)).toBe(0);
      for (let times = 0; times < 2; times++) {
        const seen = [];
        for await (const item of stream(3)) seen.push(item);
        expect(seen).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
      }
      expect([runs, await sizeOf(at.cache)]).toEqual([[3, 3], 1]);
      const replay = stream(3);
      for (let i = 0; i < 3; i++) await replay.next();
      expect(await replay.next()).toEqual({ done: true, value: 'end' });
    });
  });
}

/** What batches do over every backend. */
export function memoisesBatches(name: string, subject: ContractSubject): void {
  describe(`${name} under batches`, () => {
    const at = openEach(subject);
    const runs: unknown[] = [];
    beforeEach(() => {
      runs.length = 0;
    });

    it('computes only those items of a batch that it does not have', async () => {
      const squares = at.cache.batchMemoize(async (items: readonly number[]): Promise<number[]> => (runs.push([...items]), Promise.resolve(items.map((item) => item * item))), { name: 'squares' });
      expect(await squares([1, 2, 3])).toEqual([1, 4, 9]);
      expect(await squares([2, 3, 4, 4, 2])).toEqual([4, 9, 16, 16, 4]);
      expect(await squares([])).toEqual([]);
      expect(runs).toEqual([[1, 2, 3], [4]]);
      expect(await sizeOf(at.cache)).toBe(4);
    });

    it('keeps each item of a batch by itself, unless it was removed while the batch was computed', async () => {
      const gate = Promise.withResolvers<undefined>();
      const f = at.cache.batchMemoize(async (items: readonly string[]): Promise<{ item: string }[]> => (runs.push([...items]), await gate.promise, items.map((item) => ({ item }))), { name: 'f', params: ['items'] });
      const batches = [f(['a', '', 'c']), f(['c', 'd'])];
      await waitFor('both batches to be computed', () => runs.length === 2);
      await at.cache.remove('f', { items: [''] });
      gate.resolve(undefined);
      expect(await Promise.all(batches)).toEqual([[{ item: 'a' }, { item: '' }, { item: 'c' }], [{ item: 'c' }, { item: 'd' }]]);
      expect((await entriesOf(at.cache)).map(({ inputs }) => inputs['items']).sort()).toEqual([['a'], ['c'], ['d']]);
      expect(await f(['d', '', 'c', 'a'])).toEqual([{ item: 'd' }, { item: '' }, { item: 'c' }, { item: 'a' }]);
      // The first two were looked up at the same time.
      expect([runs.slice(0, 2).map(String).toSorted(), runs.slice(2)]).toEqual([['a,,c', 'd'], [['']]]);
    });

    it('computes items of a batch again whose time is over', async () => {
      let now = Date.now();
      const timed = await openAnother(subject, { nowMs: () => now });
      const f = timed.batchMemoize(async (items: readonly number[]): Promise<number[]> => (runs.push([...items]), Promise.resolve([...items])), { name: 'f', ttl: '1h' });
      await f([1, 2]);
      now += 1_800_000;
      await f([2, 3]);
      now += 2_400_000;
      expect([await f([1, 2, 3]), runs]).toEqual([[1, 2, 3], [[1, 2], [3], [1, 2]]]);
    });
  });
}

/** What they do with what others have, or have said. */
export function memoisesShared(name: string, subject: ContractSubject): void {
  describe(`${name} under functions whose results are shared`, () => {
    const at = openEach(subject);
    const runs: unknown[] = [];
    beforeEach(() => {
      runs.length = 0;
    });

    it('keeps what it has from those who change what they were given', async () => {
      const f = at.cache.memoize(async (list: number[]): Promise<{ list: number[]; at: Date }> => Promise.resolve({ list, at: new Date(0) }), { name: 'f' });
      const given = [1];
      const [first, second] = await Promise.all([f(given), f([1])]);
      first.list.push(2);
      second.at.setTime(1);
      second.list.push(3);
      (await f([1])).list.push(4);
      expect(await f([1])).toEqual({ list: [1], at: new Date(0) });
    });

    it('returns what was annotated', async () => {
      const f = at.cache.memoize((n: number): number => (runs.push(n), n), { name: 'f', params: ['n'] });
      expect(await f(42)).toBe(42);
      await at.cache.annotate(f, { n: 42 }, { expected: 43 });
      expect([await f(42), runs]).toEqual([43, [42]]);
    });

    it('keeps annotations, and ends what they end', async () => {
      let now = Date.now();
      const timed = await openAnother(subject, { nowMs: () => now });
      const f = timed.memoize((id: string): string => (runs.push(id), id), { name: 'f', params: ['id'], annotation: { priority: 'high', ttl: '1h' } });
      await f('a');
      expect((await entriesOf(timed))[0]!.metadata).toEqual({ annotation: { priority: 'high', ttl: '1h' }, expiresAt: now + 3_600_000 });
      now += 3_660_000;
      await f('a');
      expect([runs, await sizeOf(timed)]).toEqual([['a', 'a'], 1]);
    });

    it('runs a call that has no key, and counts it', async () => {
      const events: MemoEvent[] = [];
      const told = await openAnother(subject, { onEvent: (event) => events.push(event) });
      const f = told.memoize((by: () => number): number => (runs.push(0), by()), { name: 'f' });
      expect([await f(() => 1), await f(() => 2), runs.length, told.stats.unhashable, await sizeOf(told)]).toEqual([1, 2, 2, 2, 0]);
      expect(events).toMatchObject([{ type: 'unhashable', func: 'f', error: { code: 'UNHASHABLE_ARGUMENT' } }, { type: 'unhashable' }]);
    });
  });
}
