import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheCounters, LOAD_BUCKETS_MS } from './cache-counters.js';

let clock: number;
let counters: CacheCounters;
beforeEach(() => {
  clock = 0;
  counters = new CacheCounters(() => clock);
});

/** Goes on in steps of the history. */
const pass = (ms: number): void => {
  for (const end = clock + ms; clock < end; ) {
    clock += 10_000;
    counters.mark();
  }
};
const read = (hits: number, misses: number): void => {
  counters.of('embedding').hit_l1 += hits;
  counters.of('embedding').miss += misses;
};

describe('the numbers of a type', () => {
  it('begin at zero and are the same object for all', () => {
    expect(Object.values(counters.of('embedding')).flat().every((number) => number === 0)).toBe(true);
    expect(counters.of('embedding')).toBe(counters.of('embedding'));
    expect([...counters.entries()].map(([type]) => type)).toEqual(['embedding']);
  });

  it('have every load in the bucket of its time', () => {
    for (const ms of [0, 1, 1.1, 10, 5_000, 5_001, 1e9]) counters.loaded('embedding', ms);
    const { loads, loadMsSum, loadBuckets } = counters.of('embedding');
    expect([loads, loadMsSum]).toEqual([7, 1_000_010_013.1]);
    expect(loadBuckets).toEqual([2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
    expect(loadBuckets).toHaveLength(LOAD_BUCKETS_MS.length + 1);
  });
});

describe('the hit rate', () => {
  it('is unknown without reads', () => {
    expect(counters.hitRate('embedding')).toBeUndefined();
    counters.of('embedding');
    expect([counters.hitRate('embedding'), counters.hitRate('embedding', 60_000)]).toEqual([undefined, undefined]);
  });

  it('counts what a cache answered by itself against everything that was asked', () => {
    Object.assign(counters.of('embedding'), { hit_l1: 1, hit_l2: 2, stale: 3, absent: 4, miss: 5, none: 6, coalesced: 7 });
    expect(counters.hitRate('embedding')).toBe(10 / 28);
  });

  it('looks back as far as it is told', () => {
    read(0, 100);
    pass(60_000);
    read(3, 1);
    pass(30_000);
    expect(counters.hitRate('embedding', 30_000)).toBe(0.75);
    expect(counters.hitRate('embedding', 600_000)).toBe(3 / 104);
    expect(counters.hitRate('embedding')).toBe(3 / 104);
    pass(30_000);
    expect(counters.hitRate('embedding', 30_000)).toBeUndefined();
  });

  it('looks back an hour at the most, however far it is told', () => {
    read(0, 1_000);
    pass(2 * 3_600_000);
    read(1, 0);
    expect(counters.hitRate('embedding', 24 * 3_600_000)).toBe(1);
  });

  it('has one point in ten seconds, however often it is marked', () => {
    read(1, 1);
    for (let index = 0; index < 1_000; index++) counters.mark();
    clock += 9_999;
    counters.mark();
    read(1, 0);
    clock += 1;
    counters.mark();
    clock += 1;
    expect(counters.hitRate('embedding', 10_001)).toBe(1);
  });
});
