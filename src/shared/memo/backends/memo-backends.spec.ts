import { describe, expect, it } from '@jest/globals';
import { CacheEntry, CallbackBackend, type EntryDict, MISS, MemoCache, type MemoEvent, MemoryBackend, NoCacheBackend, SyncMemoBackend } from '../index.js';

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
