import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CacheEntry, CallbackBackend, type EntryDict, MISS, MemoCache, type MemoEvent, MemoryBackend, NoCacheBackend, SyncMemoBackend } from '../index.js';

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
    const f = new MemoCache().memoize((func: string, output: number, expected: number, metadata: object, exclude: number) => [func, output, expected, metadata, exclude].length + output, { name: 'f' });
    expect([f('g', 1, 2, {}, 3), f('g', 2, 2, {}, 3), f('g', 1, 2, {}, 3)]).toEqual([6, 7, 6]);
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

describe('a memoised method', () => {
  const cache = new MemoCache();
  class Scale {
    runs = 0;
    constructor(private readonly factor: number) {}
    @cache.memoize({ ttl: '1h' })
    times(x: number): number {
      this.runs++;
      return x * this.factor;
    }
    @cache.memoize
    async later({ x }: { x: number }): Promise<number> {
      return Promise.resolve(x * this.factor);
    }
    @cache.memoize()
    *each(n: number): Generator<number> {
      for (let i = 0; i < n; i++) yield i * this.factor;
    }
    @cache.batchMemoize({ itemIndex: 0 })
    all(items: readonly number[]): number[] {
      this.runs++;
      return items.map((item) => item * this.factor);
    }
    @cache.memoize()
    static twice(x: number): number {
      return 2 * x;
    }
  }

  it('does not share what it computed for another object', async () => {
    const [two, three] = [new Scale(2), new Scale(3)];
    expect([two.times(1), three.times(1), two.times(1), three.times(1), two.runs, three.runs]).toEqual([2, 3, 2, 3, 1, 1]);
    expect([await two.later({ x: 1 }), await three.later({ x: 1 }), await two.later({ x: 1 })]).toEqual([2, 3, 2]);
    expect([[...two.each(2)], [...three.each(2)], two.all([1, 1, 2]), three.all([1])]).toEqual([[0, 2], [0, 3], [2, 2, 4], [3]]);
    expect([Scale.twice(2), Scale.twice(2)]).toEqual([4, 4]);
    expect(new Set([...cache].map(({ func }) => func))).toEqual(new Set(['Scale.times', 'Scale.later', 'Scale.each', 'Scale.all', 'Scale.twice']));
  });

  it('shares what objects say they have in common', () => {
    const own = new MemoCache();
    let runs = 0;
    class Tenant {
      constructor(readonly id: string) {}
      toMemoKey(): string {
        return this.id;
      }
      @own.memoize()
      plan(): string {
        runs++;
        return `plan of ${this.id}`;
      }
      @own.memoize({ self: () => null })
      limits(): number {
        runs++;
        return 1;
      }
    }
    expect([new Tenant('a').plan(), new Tenant('a').plan(), new Tenant('b').plan(), runs]).toEqual(['plan of a', 'plan of a', 'plan of b', 2]);
    expect([new Tenant('a').limits(), new Tenant('b').limits(), runs]).toEqual([1, 1, 3]);
  });

  it('is decorated by standard decorators, too', () => {
    const own = new MemoCache();
    const context = { kind: 'method', name: 'times', addInitializer: () => undefined } as unknown as ClassMethodDecoratorContext;
    const times = own.memoize({ ttl: 60 })(function (this: { factor: number }, x: number): number { return x * this.factor; }, context) as unknown as (x: number) => number;
    expect([times.call({ factor: 2 }, 2), own.size]).toEqual([4, 1]);
  });

  it('is not called on an object when it was memoised as a function', () => {
    const memoised = new MemoCache().memoize(function whose(this: unknown) { return this === undefined; });
    expect(Object.assign({}, { memoised }).memoised()).toBe(true);
  });
});

describe('a bounded memory', () => {
  it('lets go of what was used longest ago', () => {
    const cache = new MemoCache(new MemoryBackend({ maxEntries: 100 }));
    const f = cache.memoize((x: number) => x, { name: 'f', params: ['x'] });
    for (let x = 0; x < 1_000; x++) {
      f(x);
      f(0);
    }
    expect([cache.size, cache.get('f', { x: 0 }), cache.get('f', { x: 1 }), cache.get('f', { x: 999 })]).toEqual([100, 0, MISS, 999]);
  });

  it('keeps no calls that are over', async () => {
    const cache = new MemoCache(new MemoryBackend({ maxEntries: 10 }));
    const f = cache.memoize(async (x: number) => (x % 2 === 0 ? Promise.resolve(x) : Promise.reject(new Error('odd'))), { name: 'f' });
    await Promise.allSettled(Array.from({ length: 1_000 }, (_, x) => f(x)));
    expect((cache as unknown as { store: { flights: { size: number } } }).store.flights.size).toBe(0);
  });
});

describe('no cache', () => {
  it('always computes', () => {
    const cache = new MemoCache(new NoCacheBackend());
    let runs = 0;
    const f = cache.memoize((x: number) => (runs++, x), { name: 'f', params: ['x'] });
    cache.set('f', { x: 1 }, { output: 2 });
    expect([f(1), f(1), runs, cache.has('f', { x: 1 }), cache.size, [...cache], cache.get('f', { x: 1 }), cache.remove('f')]).toEqual([1, 1, 2, false, 0, [], MISS, false]);
    cache.clear();
  });
});

describe('callbacks and feeds', () => {
  it('are told of what is computed, and answer before it is', () => {
    const told: (readonly [bigint, EntryDict])[] = [];
    const events: MemoEvent[] = [];
    const seen: unknown[] = [];
    const backend = new CallbackBackend({
      callbacks: [() => { throw new Error('callback'); }, (key, entry) => told.push([key, entry])],
      feeds: [
        () => { throw new Error('feed'); },
        (func, inputs) => (seen.push([func.name, typeof func.fn, inputs]), (inputs['x'] as number) < 100 ? (inputs['x'] as number) * 2 : MISS),
      ],
    });
    const cache = new MemoCache(backend, { onEvent: (event) => events.push(event), exclude: ['session'] });
    let runs = 0;
    const f = cache.memoize((x: number, session: string) => (runs++, x * x + session.length), { name: 'expensive' });
    expect([f(5, 'ab'), runs, f(200, 'ab'), f(200, 'ab'), runs]).toEqual([10, 0, 40_002, 40_002, 2]);
    expect(told).toEqual(Array.from({ length: 2 }, () => [CacheEntry.fromArgs('expensive', { x: 200 }).key, { func: 'expensive', inputs: { x: 200 }, output: 40_002, metadata: {} }]));
    expect(seen[0]).toEqual(['expensive', 'function', { x: 5, session: 'ab' }]);
    expect(cache.get('expensive', { x: 7 })).toBe(14);
    expect(seen.at(-1)).toEqual(['expensive', 'undefined', { x: 7 }]);
    expect([cache.size, [...cache], cache.pop(), cache.has('expensive', { x: 200 })]).toEqual([0, [], undefined, false]);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['callbackFailed']));
    cache.add(CacheEntry.fromArgs('g', {}, { output: 1 }));
    expect(told.at(-1)?.[1]).toEqual({ func: 'g', inputs: {}, output: 1, metadata: {} });
  });
});

describe('a backend of one’s own', () => {
  class MapBackend extends SyncMemoBackend {
    readonly isPersistent = false;
    fails = false;
    private readonly entries = new Map<string, CacheEntry>();
    read(slot: string): CacheEntry | undefined {
      if (this.fails) throw new Error('away');
      return this.entries.get(slot);
    }
    write(slot: string, entry: CacheEntry): void {
      if (this.fails) throw new Error('away');
      this.entries.set(slot, entry);
    }
    delete(slot: string): boolean {
      return this.entries.delete(slot);
    }
    slots(): string[] {
      return [...this.entries.keys()];
    }
    clear(): void {
      this.entries.clear();
    }
  }

  it('needs nothing but its primitives', () => {
    const cache = new MemoCache(new MapBackend());
    const f = cache.batchMemoize((xs: readonly number[]) => xs.map((x) => x + 1), { name: 'f' });
    expect([f([1, 2]), cache.size, [...cache].map(({ output }) => output), cache.popAll().length, cache.size]).toEqual([[2, 3], 2, [2, 3], 2, 0]);
  });

  it('may fail: calls run, and it is counted', () => {
    const backend = new MapBackend();
    const events: MemoEvent[] = [];
    const cache = new MemoCache(backend, { onEvent: (event) => { events.push(event); throw new Error('listener'); } });
    const f = cache.memoize((x: number) => x, { name: 'f' });
    backend.fails = true;
    expect([f(1), f(1), cache.stats]).toEqual([1, 1, { hits: 0, misses: 2, stores: 0, coalesced: 0, unhashable: 0, uncacheable: 0, backendFailures: 4 }]);
    backend.fails = false;
    expect([f(1), f(1), cache.stats.hits, cache.stats.stores]).toEqual([1, 1, 1, 1]);
    expect(events.map((event) => (event.type === 'backendFailed' ? event.operation : event.type))).toEqual(['read', 'write', 'read', 'write']);
  });
});
