import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheSettings } from '../config/index.js';
import { RecoveryQueue } from './bus/recovery-queue.js';
import { cacheTypes } from './cache-registry.js';
import { hold } from './engine/held-value.js';
import { Memory } from './engine/memory.js';
import { type CacheRef, placeOf } from './engine/place.js';
import { Generations } from './l1/generations.js';
import { L1Store } from './l1/l1.store.js';
import type { L2Store } from './l2/l2.store.js';
import { CacheCounters } from './metrics/cache-counters.js';
import { CacheEventSource } from './metrics/cache-events.js';
import { TieredCache } from './tiered-cache.service.js';

const settings = new CacheSettings();
const types = cacheTypes(settings);
const ref: CacheRef = { tenantId: 'acme', type: 'agent_config', id: '1', scope: { agent: 'a' } };
const place = placeOf(ref, types);

let memory: Memory;
let queue: RecoveryQueue;
let cache: TieredCache;
/** Redis, whose one answer is the test's to give. */
let answer: (value: unknown) => void;

beforeEach(() => {
  const call = Promise.withResolvers<unknown>();
  answer = call.resolve;
  const silent = (): Promise<unknown> => call.promise;
  const l2 = { put: silent, remove: silent, invalidate: silent } as unknown as L2Store;
  const now = (): number => 1_000;
  memory = new Memory(new L1Store(10, 1e6), new Generations(10), { isBusSound: () => true, isOutage: () => false, now });
  queue = new RecoveryQueue(10);
  cache = new TieredCache({ memory, l2, counters: new CacheCounters(now), events: new CacheEventSource(), settings, now }, types, queue);
  remember('old');
});

/** As a read that has just landed does. */
function remember(value: unknown): void {
  const generations = [['t', 'g'], ['a:a', 'g']] as const;
  memory.remember(place, hold(value), { leftMs: 3_900_000, graceMs: 300_000, ttlMs: 3_600_000, loadMs: 0, sizeBytes: 1, generations }, memory.fence(place));
  expect(cache.peek(ref)).toBe(value);
}

describe.each<[string, () => Promise<unknown>, unknown]>([
  ['a deletion', () => cache.delete(ref), true],
  ['an invalidation', () => cache.invalidate('acme', ['a:a']), [1]],
  ['a write', () => cache.set(ref, 'new'), ['g', 'g']],
])('%s', (_, call, told) => {
  it('is seen in its own process before Redis has answered', async () => {
    const underWay = call();
    expect(cache.peek(ref)).toBeUndefined();
    answer(told);
    await underWay;
  });

  it('makes void also what was read while Redis was being told', async () => {
    const underWay = call();
    const fence = memory.fence(place);
    remember('old');
    answer(told);
    await underWay;
    expect(cache.peek(ref)).not.toBe('old');
    expect(memory.isIntact(fence)).toBe(false);
  });

  it('is held back when Redis could not be told', async () => {
    const underWay = call();
    answer(undefined);
    await underWay;
    expect([queue.size, cache.peek(ref)]).toEqual([1, undefined]);
  });
});

describe('a write', () => {
  it('is remembered when Redis has it', async () => {
    const writing = cache.set(ref, 'new');
    answer(['g', 'g']);
    expect([await writing, cache.peek(ref)]).toEqual([true, 'new']);
  });

  it('is not remembered when another process made the entry void meanwhile: which came last only Redis knows', async () => {
    for (const invalidate of [() => memory.entry('acme', place.name), () => memory.scope('acme', 'a:a'), () => memory.all()]) {
      const writing = cache.set(ref, 'new');
      invalidate();
      answer(['g', 'g']);
      expect([await writing, cache.peek(ref)]).toEqual([true, undefined]);
    }
  });
});
