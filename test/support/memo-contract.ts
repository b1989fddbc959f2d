import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, CacheEntry, MISS, type MemoCache, type MemoCacheOptions, type MemoEvent, UNSET } from '../../src/shared/memo/index.js';
import { UNLIKE_ARGUMENTS } from './adversarial-arguments.js';

/** What is awaited may be there at once: one suite is for both kinds of cache. */
type AnyCache = MemoCache | AsyncMemoCache;

export interface ContractSubject {
  /** Makes a cache on the same empty place each time, until the next {@link empty}. */
  readonly open: (options?: MemoCacheOptions) => AnyCache | Promise<AnyCache>;
  /** Makes the place empty, or another one. */
  readonly empty: () => void | Promise<void>;
  /** What is stored is there for another process. */
  readonly isPersistent: boolean;
}

const VALUES: readonly (readonly [string, unknown])[] = [
  ['a text', 'value'],
  ['an empty text', ''],
  ['unicode', 'täxt 中文 😀 \u0000 \u2028 \ud800'],
  ['an object', { a: { b: [1, 2] } }],
  ['an empty object', {}],
  ['a list', [1, 'a', null]],
  ['an empty list', []],
  ['null', null],
  ['undefined', undefined],
  ['zero', 0],
  ['minus zero', -0],
  ['NaN', NaN],
  ['false', false],
  ['a BigInt', 10n ** 40n],
  ['a date', new Date(1_700_000_000_123)],
  ['a map and a set', { map: new Map([['b', new Set([1])], ['a', new Set([2])]]) }],
  ['bytes', Uint8Array.from([0, 255, 13, 10])],
  ['an object with 500 keys', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${String(499 - i)}`, i]))],
  ['a list of 1000', Array.from({ length: 1_000 }, (_, i) => ({ i, text: 'x'.repeat(50) }))],
];

const sizeOf = async (cache: AnyCache): Promise<number> => (cache instanceof AsyncMemoCache ? cache.size() : cache.size);

async function all(cache: AnyCache): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for await (const entry of cache) entries.push(entry);
  return entries;
}

/** What every backend does that keeps something. */
export function keepsTheContract(name: string, subject: ContractSubject): void {
  describe(`${name} as a store`, () => {
    let cache: AnyCache;
    beforeEach(async () => {
      await subject.empty();
      cache = await subject.open();
    });

    it.each(VALUES)('gives back %s, in the order that it had', async (_, output) => {
      await cache.set(CacheEntry.fromArgs('f', { output }, { output, metadata: { output } }));
      expect(await cache.get('f', { output })).toStrictEqual(output);
      expect(inspect(await cache.get('f', { output }))).toBe(inspect(output));
      const [entry] = await all(cache);
      expect(entry!.toDict()).toStrictEqual({ func: 'f', inputs: { output }, output, metadata: { output } });
    });

    it('acts on exactly one entry', async () => {
      await cache.set('f', { x: 1 }, { output: 1 });
      await cache.set('f', { x: 2 }, { output: 2 });
      await cache.set('g', { x: 1 }, { output: 3 });
      expect([await cache.get('f', { x: 1 }), await cache.get('f', { x: 2 }), await cache.get('g', { x: 1 }), await cache.get('g', { x: 2 })]).toEqual([1, 2, 3, MISS]);
      expect([await cache.has('f', { x: 1 }), await cache.has('f', { x: 3 }), await cache.has('f')]).toEqual([true, false, false]);
      expect([await cache.remove('f', { x: 1 }), await cache.remove('f', { x: 1 }), await cache.unset('h')]).toEqual([true, false, false]);
      expect([await cache.get('f', { x: 1 }), await cache.get('f', { x: 2 }), await sizeOf(cache)]).toEqual([MISS, 2, 2]);
      expect(await cache.retrieve('f', { x: 1 })).toBe(MISS);
    });

    it('overwrites', async () => {
      await cache.set('f', {}, { output: 1, expected: 5 });
      await cache.set('f', {}, { output: 2 });
      expect([await cache.get('f'), await sizeOf(cache)]).toEqual([2, 1]);
      expect(((await cache.retrieve('f')) as CacheEntry).annotated).toBe(false);
    });

    it('keeps an entry without output, which is no value', async () => {
      await cache.set('f', {}, { metadata: { note: 1 } });
      expect(await cache.get('f')).toBe(MISS);
      expect(((await cache.retrieve('f')) as CacheEntry).output).toBe(UNSET);
      await cache.set('f', {}, { expected: null });
      expect(await cache.get('f')).toBeNull();
    });

    it('is emptied', async () => {
      for (let x = 0; x < 5; x++) await cache.set('f', { x }, { output: x });
      expect(await sizeOf(cache)).toBe(5);
      await cache.clear();
      expect([await sizeOf(cache), await all(cache), await cache.get('f', { x: 1 }), await cache.pop()]).toEqual([0, [], MISS, undefined]);
      await cache.set('f', {}, { output: 1 });
      expect(await sizeOf(cache)).toBe(1);
    });

    it('gives its entries one by one, and all', async () => {
      for (let x = 0; x < 5; x++) await cache.set('f', { x }, { output: x });
      const popped = (await cache.pop())!;
      expect([await sizeOf(cache), await cache.get('f', popped.inputs)]).toEqual([4, MISS]);
      const rest = await cache.popAll();
      expect([...rest, popped].map((entry) => entry.output).sort()).toEqual([0, 1, 2, 3, 4]);
      expect(await sizeOf(cache)).toBe(0);
    });

    it('is gone through while entries are removed and set', async () => {
      const [user, other] = [{ annotation: { purpose: 'user_profile' } }, { annotation: { purpose: 'sensor' } }];
      for (let x = 0; x < 6; x++) await cache.set('f', { x }, { output: x, metadata: x % 2 === 0 ? user : other });
      for await (const entry of cache) {
        if ((entry.metadata['annotation'] as { purpose: string }).purpose === 'user_profile') await cache.remove(entry.func, entry.inputs);
        else await cache.set('new', entry.inputs, { output: 0, metadata: other });
      }
      expect((await all(cache)).map(({ func, inputs }) => `${func}${String(inputs['x'])}`).sort()).toEqual(['f1', 'f3', 'f5', 'new1', 'new3', 'new5']);
    });

    it('says what a result should be', async () => {
      await cache.set('f', { n: 42 }, { output: 1, metadata: { by: 'run' } });
      await cache.annotate('f', { n: 42 }, { expected: 2, metadata: { source: 'truth' } });
      expect(((await cache.retrieve('f', { n: 42 })) as CacheEntry).toDict()).toEqual({ func: 'f', inputs: { n: 42 }, output: 1, expected: 2, metadata: { by: 'run', source: 'truth' } });
      await cache.annotate('f', { n: 43 }, { expected: null });
      expect(((await cache.retrieve('f', { n: 43 })) as CacheEntry).toDict()).toEqual({ func: 'f', inputs: { n: 43 }, output: null, expected: null, metadata: {} });
      expect((await cache.annotate('f', { n: 43 }, {})).expected).toBeNull();
      await expect((async () => cache.annotate('f', { n: 44 }, {}))()).rejects.toMatchObject({ code: 'MEMO_ENTRY_MISSING' });
      await cache.set('f', { n: 42 }, { output: 3 });
      expect(await cache.get('f', { n: 42 })).toBe(3);
    });

    it('ends an entry when its time is over', async () => {
      let now = Date.now();
      const timed = await subject.open({ nowMs: () => now });
      await timed.set('f', {}, { output: 1, metadata: { annotation: { ttl: '1h' } } });
      await timed.set('g', {}, { output: 2 });
      now += 3_599_000;
      expect([await timed.get('f'), await sizeOf(timed), (await all(timed)).length]).toEqual([1, 2, 2]);
      now += 2_000;
      expect([await timed.get('f'), await timed.get('g'), await timed.has('f'), await sizeOf(timed), (await all(timed)).map(({ func }) => func)]).toEqual([MISS, 2, false, 1, ['g']]);
    });

    it('has a slot of its own for every argument', async () => {
      const values = [...new Map(UNLIKE_ARGUMENTS.flatMap(([, left, right]) => [left, right]).map((value) => [CacheEntry.fromArgs('f', { value }).key, value])).values()];
      for (const [i, value] of values.entries()) await cache.set('f', { value }, { output: i });
      for (const [i, value] of values.entries()) expect(await cache.get('f', { value })).toBe(i);
      expect(await sizeOf(cache)).toBe(values.length);
    });

    it('takes any name that a function may have', async () => {
      for (const name of ['a/b', '../f', "f'; DROP TABLE x; --", 'f"', '中', 'f@2', '%', '*', 'x'.repeat(255)]) {
        await cache.set(name, {}, { output: name });
        expect(await cache.get(name)).toBe(name);
      }
      expect(await sizeOf(cache)).toBe(9);
    });
  });

  memoises(name, subject);
  if (subject.isPersistent) outlivesItsProcess(name, subject);
}

function memoises(name: string, subject: ContractSubject): void {
  describe(`${name} under memoised functions`, () => {
    let cache: MemoCache;
    let runs: unknown[] = [];
    beforeEach(async () => {
      await subject.empty();
      cache = (await subject.open()) as MemoCache;
      runs = [];
    });

    it('computes once for the same arguments, and never again for what looks like nothing', async () => {
      for (const [i, result] of ['', {}, [], 0, false, null, undefined].entries()) {
        const f = cache.memoize((x: number): unknown => (runs.push(x), result), { name: `f${String(i)}` });
        expect([await f(1), await f(1), await f(1)]).toStrictEqual([result, result, result]);
      }
      expect(runs.length).toBe(7);
    });

    it('computes a promised result once, for callers at the same time, too', async () => {
      const double = cache.memoize(async (x: number): Promise<number> => (runs.push(x), Promise.resolve(x * 2)), { name: 'double' });
      expect(await Promise.all([double(5), double(5), double(5), double(5), double(6)])).toEqual([10, 10, 10, 10, 12]);
      expect(await double(5)).toBe(10);
      expect(runs).toEqual([5, 6]);
    });

    it('does not keep what failed', async () => {
      let fails = true;
      const f = cache.memoize(async (x: number): Promise<number> => {
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

    it('keeps a stream when it has ended, and replays it', async () => {
      const stream = cache.memoize(async function* stream(n: number): AsyncGenerator<{ i: number }, string> {
        runs.push(n);
        for (let i = 0; i < n; i++) yield Promise.resolve({ i });
        return 'end';
      });
      for await (const { i } of stream(3)) if (i === 1) break;
      expect(await sizeOf(cache)).toBe(0);
      for (let times = 0; times < 2; times++) {
        const seen = [];
        for await (const item of stream(3)) seen.push(item);
        expect(seen).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }]);
      }
      expect([runs, await sizeOf(cache)]).toEqual([[3, 3], 1]);
      const replay = stream(3);
      for (let i = 0; i < 3; i++) await replay.next();
      expect(await replay.next()).toEqual({ done: true, value: 'end' });
    });

    it('computes only those items of a batch that it does not have', async () => {
      const squares = cache.batchMemoize(async (items: readonly number[]): Promise<number[]> => (runs.push([...items]), Promise.resolve(items.map((item) => item * item))), { name: 'squares' });
      expect(await squares([1, 2, 3])).toEqual([1, 4, 9]);
      expect(await squares([2, 3, 4, 4, 2])).toEqual([4, 9, 16, 16, 4]);
      expect(await squares([])).toEqual([]);
      expect(runs).toEqual([[1, 2, 3], [4]]);
      expect(await sizeOf(cache)).toBe(4);
    });

    it('keeps what it has from those who change what they were given', async () => {
      const f = cache.memoize(async (list: number[]): Promise<{ list: number[]; at: Date }> => Promise.resolve({ list, at: new Date(0) }), { name: 'f' });
      const given = [1];
      const [first, second] = await Promise.all([f(given), f([1])]);
      first.list.push(2);
      second.at.setTime(1);
      second.list.push(3);
      (await f([1])).list.push(4);
      expect(await f([1])).toEqual({ list: [1], at: new Date(0) });
    });

    it('returns what was annotated', async () => {
      const f = cache.memoize((n: number): number => (runs.push(n), n), { name: 'f', params: ['n'] });
      expect(await f(42)).toBe(42);
      await cache.annotate(f, { n: 42 }, { expected: 43 });
      expect([await f(42), runs]).toEqual([43, [42]]);
    });

    it('keeps annotations, and ends what they end', async () => {
      let now = Date.now();
      const timed = (await subject.open({ nowMs: () => now })) as MemoCache;
      const f = timed.memoize((id: string): string => (runs.push(id), id), { name: 'f', params: ['id'], annotation: { priority: 'high', ttl: '1h' } });
      await f('a');
      expect((await all(timed))[0]!.metadata).toEqual({ annotation: { priority: 'high', ttl: '1h' }, expiresAt: now + 3_600_000 });
      now += 3_660_000;
      await f('a');
      expect([runs, await sizeOf(timed)]).toEqual([['a', 'a'], 1]);
    });

    it('runs a call that has no key, and counts it', async () => {
      const events: MemoEvent[] = [];
      const told = (await subject.open({ onEvent: (event) => events.push(event) })) as MemoCache;
      const f = told.memoize((by: () => number): number => (runs.push(0), by()), { name: 'f' });
      expect([await f(() => 1), await f(() => 2), runs.length, told.stats.unhashable, await sizeOf(told)]).toEqual([1, 2, 2, 2, 0]);
      expect(events).toMatchObject([{ type: 'unhashable', func: 'f', error: { code: 'UNHASHABLE_ARGUMENT' } }, { type: 'unhashable' }]);
    });
  });
}

function outlivesItsProcess(name: string, subject: ContractSubject): void {
  describe(`${name} in the next process`, () => {
    beforeEach(async () => {
      await subject.empty();
    });

    it('still has everything', async () => {
      const [first, second] = [(await subject.open()) as MemoCache, (await subject.open()) as MemoCache];
      let runs = 0;
      const add = async (x: number, y: number): Promise<number> => (runs++, Promise.resolve(x + y));
      expect(await first.memoize(add)(1, 2)).toBe(3);
      expect([await second.memoize(add)(1, 2), runs]).toEqual([3, 1]);
      await second.remove('add', { x: 1, y: 2 });
      expect(await first.get('add', { x: 1, y: 2 })).toBe(MISS);
      await first.close();
      const third = await subject.open();
      expect(await sizeOf(third)).toBe(0);
    });

    it('has one entry after two have written it at the same time', async () => {
      const [first, second] = [await subject.open(), await subject.open()];
      await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? first : second).set('f', { x: i % 4 }, { output: i })));
      expect(await sizeOf(first)).toBe(4);
      expect((await all(second)).map(({ inputs }) => inputs['x']).sort()).toEqual([0, 1, 2, 3]);
    });

    it('does not take functions that it could not tell apart there', async () => {
      const cache = (await subject.open()) as MemoCache;
      expect(() => cache.memoize((() => (x: number) => x)())).toThrow(expect.objectContaining({ code: 'MEMO_NAME_REQUIRED' }));
      cache.memoize(function load() { return 1; });
      expect(() => cache.memoize(function load() { return 2; })).toThrow(expect.objectContaining({ code: 'MEMO_NAME_TAKEN' }));
    });
  });
}
