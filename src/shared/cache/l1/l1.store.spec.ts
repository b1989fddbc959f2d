import { describe, expect, it } from '@jest/globals';
import { Generation } from './generations.js';
import { L1Store, type MemoryEntry } from './l1.store.js';

const entry = (overrides: Partial<MemoryEntry> = {}): MemoryEntry => ({
  ...{ value: 1, isCopied: false, generations: [], sizeBytes: 10, freshUntil: 1, graceUntil: 1, endsAt: 1, refreshAt: 1, retryAt: 0 },
  ...overrides,
});

describe('the memory of a process', () => {
  it('gives what was set, until it is deleted or all is', () => {
    const store = new L1Store(10, 1_000);
    const [a, b] = [entry(), entry()];
    store.set('a', a);
    store.set('b', b);
    expect([store.get('a'), store.get('b'), store.get('c'), store.size]).toEqual([a, b, undefined, 2]);
    store.delete('a');
    expect([store.get('a'), store.size]).toEqual([undefined, 1]);
    store.clear();
    expect([store.get('b'), store.size, store.bytes, store.evictions]).toEqual([undefined, 0, 0, 0]);
  });

  it('forgets an entry of which one generation has ended', () => {
    const store = new L1Store(10, 1_000);
    const generations = [new Generation('g1'), new Generation('g2')];
    store.set('a', entry({ generations }));
    expect(store.get('a')).toBeDefined();
    generations[1]!.isAlive = false;
    expect([store.get('a'), store.size]).toEqual([undefined, 0]);
  });

  it('has no more entries than the limit, the least recently used go first', () => {
    const store = new L1Store(2, 1_000);
    store.set('a', entry());
    store.set('b', entry());
    store.get('a');
    store.set('c', entry());
    expect([store.get('a'), store.get('b'), store.get('c')].map(Boolean)).toEqual([true, false, true]);
    expect([store.size, store.evictions]).toEqual([2, 1]);
  });

  it('has no more bytes than the limit', () => {
    const store = new L1Store(1_000, 1_000);
    for (let index = 0; index < 100; index++) store.set(String(index), entry({ sizeBytes: 99 }));
    expect([store.size, store.bytes, store.evictions]).toEqual([10, 1_000, 90]);
  });

  it('does not take what is larger than all of it, and then has no older one either', () => {
    const store = new L1Store(10, 1_000);
    store.set('a', entry());
    store.set('a', entry({ sizeBytes: 1_000 }));
    expect([store.get('a'), store.bytes]).toEqual([undefined, 0]);
  });

  it('takes an entry of no bytes', () => {
    const store = new L1Store(10, 1_000);
    store.set('a', entry({ sizeBytes: 0 }));
    expect(store.get('a')).toBeDefined();
  });

  it('does not count as evicted what is overwritten or deleted', () => {
    const store = new L1Store(10, 1_000);
    store.set('a', entry());
    store.set('a', entry());
    store.delete('a');
    expect(store.evictions).toBe(0);
  });
});
