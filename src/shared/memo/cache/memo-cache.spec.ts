import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CacheEntry, MISS, MemoCache, type MemoEvent } from '../index.js';

describe('a memoised function', () => {
  it('computes a recursion once for each argument', () => {
    let runs = 0;
    const fibonacci = new MemoCache().memoize((n: number): number => (runs++, n <= 1 ? n : fibonacci(n - 2) + fibonacci(n - 1)), { name: 'fibonacci' });
    expect([fibonacci(30), runs, fibonacci(30), runs]).toEqual([832_040, 31, 832_040, 31]);
  });

  it('keeps its type, its name, and has what is needed by hand', () => {
    const cache = new MemoCache();
    const add = cache.memoize(function add(x: number, y: number): number { return x + y; });
    const sum: number = add(5, 10);
    expect([sum, add.name, add.length, add.cache, add.memoName, add.original(1, 1)]).toEqual([15, 'add', 2, cache, 'add', 2]);
    expect(add.keyOf(5, 10)).toBe(6452910756379405413525593858603593943n);
    expect((add.entryOf(5, 10) as CacheEntry).inputs).toEqual({ x: 5, y: 10 });
    expect([add.forget(5, 10), add.forget(5, 10), add.entryOf(5, 10)]).toEqual([true, false, MISS]);
  });

  it('returns a promise when the function does, whatever it is declared as', async () => {
    const cache = new MemoCache();
    const load = cache.memoize((id: number) => Promise.resolve({ id }), { name: 'load' });
    const [first, second] = [load(1), load(1)];
    expect([first, second, load(1)].every((result) => result instanceof Promise)).toBe(true);
    await first;
    expect(load(1)).toBeInstanceOf(Promise);
    expect([await first, await second, await load(1)]).toEqual([{ id: 1 }, { id: 1 }, { id: 1 }]);
  });

  it('has the parameters of its source', () => {
    const cache = new MemoCache();
    const inputsOf = (call: (c: MemoCache) => unknown): unknown => {
      cache.clear();
      call(cache);
      return cache.pop()?.inputs;
    };
    expect(inputsOf((c) => c.memoize((x: number, y = ')', ...rest: number[]) => `${String(x)}${y}${String(rest)}`)(1, 'b', 2, 3))).toEqual({ x: 1, y: 'b', rest: [2, 3] });
    expect(inputsOf((c) => c.memoize(({ x, y }: { x: number; y: number }) => x + y)({ y: 1, x: 2 }))).toEqual({ x: 2, y: 1 });
    expect(inputsOf((c) => c.memoize((x: number, { y }: { y: number }) => x + y)(1, { y: 2 }))).toEqual({ x: 1, arg1: { y: 2 } });
    expect(inputsOf((c) => c.memoize(Math.max)(1, 2))).toEqual({ '...': [1, 2] });
    expect(inputsOf((c) => c.memoize(function f() { return 1; } as (...all: number[]) => number)(7))).toEqual({ '...': [7] });
    expect(inputsOf((c) => c.memoize((a: number, b: number) => a + b, { params: ['x', 'y'] })(1, 2))).toEqual({ x: 1, y: 2 });
    expect(inputsOf((c) => c.memoize((...all: number[]) => all, { params: ['...xs'] })(1, 2))).toEqual({ xs: [1, 2] });
    expect(() => cache.memoize((a: number) => a, { params: ['x', 'x'] })).toThrow(expect.objectContaining({ code: 'MEMO_PARAMS_INVALID' }));
  });

  it('gives what a call leaves out the place of its default', () => {
    let runs = 0;
    const g = new MemoCache().memoize((x: number, y = 2) => (runs++, x + y), { defaults: { y: 2 } });
    expect([g(1), g(1, 2), g(1, undefined), runs, g(1, 3), runs]).toEqual([3, 3, 3, 1, 4, 2]);
    const h = new MemoCache().memoize(({ x, y = 2 }: { x: number; y?: number }) => (runs++, x + y), { defaults: { y: 2 } });
    expect([h({ x: 1 }), h({ x: 1, y: 2 }), h({ x: 1, y: undefined }), runs]).toEqual([3, 3, 3, 3]);
  });

  it('has the key of its inputs whichever way it is called', () => {
    const cache = new MemoCache();
    const all = cache.memoize((b: unknown, a = 1, ...c: unknown[]) => [b, a, c], { name: 'all', defaults: { a: 1 }, exclude: [] });
    for (const args of [[1], [undefined], [1, 2], [1, undefined, 3], [{}, 1]] as [unknown][]) {
      all(...args);
      expect((all.entryOf(...args) as CacheEntry).key).toBe(all.keyOf(...args));
      expect(CacheEntry.fromDict((all.entryOf(...args) as CacheEntry).toDict()).key).toBe(all.keyOf(...args));
    }
  });

  it('leaves arguments out of its key, on its own wish and on the wish of the cache', () => {
    const cache = new MemoCache(undefined, { exclude: ['session'] });
    let runs = 0;
    const f = cache.memoize((x: number, debug = false, session = '') => (runs++, `${String(x)}${String(debug)}${session}`), { exclude: ['debug'] });
    expect([f(5, true, 'a'), f(5, false, 'b'), runs]).toEqual(['5truea', '5truea', 1]);
    expect(cache.pop()?.inputs).toEqual({ x: 5 });
    cache.setExclude([]);
    expect([f(5, true, 'a'), f(5, false, 'b'), runs]).toEqual(['5truea', '5falseb', 3]);
    cache.addExclude(['x']);
    expect([f(6, true, 'a'), f(7, true, 'a'), cache.get('f', { x: 1, session: 'a' }) === MISS]).toEqual(['6truea', '6truea', true]);
  });

  it('takes parameters that are called as the parts of an entry', () => {
    const f = new MemoCache().memoize((func: string, output: number, expected: number, metadata: object) => [func, output, expected, metadata].length + output, { name: 'f' });
    expect([f('g', 1, 2, {}), f('g', 2, 2, {}), f('g', 1, 2, {})]).toEqual([5, 6, 5]);
  });

  it('never shares results with another function of the same name', () => {
    const events: MemoEvent[] = [];
    const cache = new MemoCache(undefined, { onEvent: (event) => events.push(event) });
    const times = (factor: number): ((x: number) => number) & { memoName: string } => cache.memoize(function times(x: number) { return x * factor; });
    const [two, three] = [times(2), times(3)];
    expect([two(1), three(1), two(1), three(1), two.memoName, three.memoName]).toEqual([2, 3, 2, 3, 'times', 'times~2'] as never);
    const lambdas = [1, 2].map((step) => cache.memoize((() => (x: number) => x + step)()));
    expect(lambdas.map((f) => f(1))).toEqual([2, 3]);
    const same = (x: number): number => x;
    expect(cache.memoize(same).memoName).toBe(cache.memoize(same).memoName);
    expect(events).toEqual([]);
    cache.memoize((x: number) => x, { name: 'given' });
    cache.memoize((x: number) => x + 1, { name: 'given' });
    expect(events).toEqual([{ type: 'nameShared', func: 'given' }]);
    expect(() => cache.memoize(same, { name: '' })).toThrow(expect.objectContaining({ code: 'MEMO_NAME_INVALID' }));
  });

  it('forgets what another version had', () => {
    const cache = new MemoCache();
    expect(cache.memoize(() => 1, { name: 'f', version: 1 })()).toBe(1);
    expect(cache.memoize(() => 2, { name: 'f', version: 2 })()).toBe(2);
    expect([cache.get('f'), cache.get('f@1'), cache.size]).toEqual([2, 1, 2]);
  });

  it('keeps what it may keep', () => {
    const events: MemoEvent[] = [];
    const cache = new MemoCache(undefined, { onEvent: (event) => events.push(event) });
    const parse = cache.memoize((text: string) => text.split(','), { name: 'parse', isCacheable: (parts, inputs) => parts.length > 1 && inputs['text'] !== 'x,y' });
    for (const text of ['a', 'a,b', 'x,y']) parse(text);
    expect(cache.size).toBe(1);
    const failing = cache.memoize((x: number) => x, { isCacheable: () => { throw new Error('no'); } });
    expect([failing(1), cache.size]).toEqual([1, 1]);
    const agent = cache.memoize(() => new (class Agent {})(), { name: 'agent' });
    expect([agent() === agent(), cache.size, cache.stats.uncacheable]).toEqual([false, 1, 2]);
    expect(events.map(({ type }) => type)).toEqual(['callbackFailed', 'uncacheable', 'uncacheable']);
  });

  it('computes with the arguments that it was given, though it changes them', () => {
    const cache = new MemoCache();
    const sorted = cache.memoize((list: number[]) => list.sort(), { name: 'sorted', params: ['list'] });
    expect([sorted([2, 1]), sorted([2, 1]), cache.get('sorted', { list: [2, 1] })]).toEqual([[1, 2], [1, 2], [1, 2]]);
  });

  it('shares frozen results without a copy, if asked to', () => {
    const cache = new MemoCache();
    const load = cache.memoize((id: number) => ({ id, tags: ['a'] }), { results: 'frozen' });
    const first = load(1);
    expect(load(1)).toBe(first);
    expect(() => first.tags.push('b')).toThrow(TypeError);
    const dated = cache.memoize(() => new Date(0), { results: 'frozen', name: 'dated' });
    dated().setTime(1);
    expect(dated()).toEqual(new Date(0));
  });

  it('does not bring back what was removed while it was computed', async () => {
    const cache = new MemoCache();
    let version = 1;
    const load = cache.memoize(async (id: number) => {
      const read = version;
      await sleep(5);
      return [id, read];
    }, { name: 'load', params: ['id'] });
    for (const remove of [() => cache.remove('load', { id: 1 }), () => { cache.clear(); }, () => { cache.set('load', { id: 1 }, { output: [1, version] }); }]) {
      cache.clear();
      const old = load(1);
      version++;
      remove();
      const fresh = load(1);
      expect([(await old)[1], (await fresh)[1], (await load(1))[1]]).toEqual([version - 1, version, version]);
    }
  });
});
