import { beforeEach, describe, expect, it } from '@jest/globals';
import { CacheSettings } from '../../config/index.js';
import { cacheTypes } from '../cache-registry.js';
import { Generations } from '../l1/generations.js';
import { L1Store, type MemoryEntry } from '../l1/l1.store.js';
import { hold } from './held-value.js';
import { Memory, type Timing } from './memory.js';
import { placeOf } from './place.js';

const types = cacheTypes(new CacheSettings());
const place = placeOf({ tenantId: 'acme', type: 'agent_config', id: '1', scope: { agent: 'a' } }, types);
const HOUR_MS = 3_600_000;
const timing = (overrides: Partial<Timing> = {}): Timing => ({
  ...{ leftMs: HOUR_MS + 300_000, graceMs: 300_000, ttlMs: HOUR_MS, loadMs: 0, sizeBytes: 1 },
  generations: [
    ['t', 'g1'],
    ['a:a', 'g2'],
  ],
  ...overrides,
});

let clock: number;
let isBusSound: boolean;
let isOutage: boolean;
let memory: Memory;
const remember = (value: unknown = 1, overrides: Partial<Timing> = {}): MemoryEntry => memory.remember(place, hold(value), timing(overrides), memory.fence(place));

beforeEach(() => {
  [clock, isBusSound, isOutage] = [1_000, true, false];
  memory = new Memory(new L1Store(100, 1e6), new Generations(100), { isBusSound: () => isBusSound, isOutage: () => isOutage, now: () => clock });
});

describe('what is remembered', () => {
  it('is fresh for the time of the memory, and stands in until the end of its grace', () => {
    remember();
    clock += 29_999;
    expect(memory.fresh(place)?.value).toBe(1);
    clock += 1;
    expect(memory.fresh(place)).toBeUndefined();
    clock = 1_000 + HOUR_MS + 299_999;
    expect(memory.stale(place)?.value).toBe(1);
    clock += 1;
    expect(memory.stale(place)).toBeUndefined();
  });

  it('never outlives what Redis has: with 200 ms left it is not served after 200 ms', () => {
    remember(1, { leftMs: 300_200 });
    clock += 199;
    expect(memory.fresh(place)).toBeDefined();
    clock += 1;
    expect(memory.fresh(place)).toBeUndefined();
  });

  it('is not refreshed before four fifths of its time, unless it is slow to load', () => {
    expect(remember().refreshAt).toBe(1_000 + HOUR_MS * 0.8);
    expect(remember(1, { loadMs: HOUR_MS }).refreshAt).toBeLessThanOrEqual(1_000 + HOUR_MS * 0.8);
    expect(remember(1, { leftMs: -1, ttlMs: 0 }).refreshAt).toBe(Infinity);
  });

  it('is not kept when something was invalidated since the fence', () => {
    for (const invalidate of [() => memory.entry('acme', place.name), () => memory.scope('acme', 'c:other'), () => memory.all()]) {
      const fence = memory.fence(place);
      invalidate();
      memory.remember(place, hold(1), timing(), fence);
      expect(memory.fresh(place)).toBeUndefined();
    }
  });

  it('is gone with its entry, its scope, its tenant and with all, and with nothing else', () => {
    const others = [() => memory.entry('other', place.name), () => memory.entry('acme', 'agent_config:2'), () => memory.scope('acme', 'a:b'), () => memory.scope('other', 't')];
    const own = [() => memory.entry('acme', place.name), () => memory.scope('acme', 'a:a'), () => memory.scope('acme', 't'), () => memory.all()];
    for (const invalidate of own) {
      remember();
      for (const other of others) other();
      expect(memory.fresh(place)).toBeDefined();
      invalidate();
      expect([memory.fresh(place), memory.stale(place)]).toEqual([undefined, undefined]);
    }
  });
});

describe('without the bus, while Redis answers', () => {
  beforeEach(() => {
    isBusSound = false;
  });

  it('nothing is remembered', () => {
    remember();
    expect([memory.fresh(place), memory.stale(place)]).toEqual([undefined, undefined]);
  });

  it('what was remembered before is not served, not even for a loader that fails: its invalidation would not be heard', () => {
    isBusSound = true;
    remember();
    isBusSound = false;
    expect([memory.fresh(place), memory.stale(place)]).toEqual([undefined, undefined]);
  });

  it('an old entry is not kept so that its loader is left alone', () => {
    memory.postpone(place, remember(), clock + 5_000, memory.fence(place));
    isBusSound = true;
    expect(memory.stale(place)).toBeUndefined();
  });
});

describe('during an outage', () => {
  it('an entry is served for 2 s at the most', () => {
    [isBusSound, isOutage] = [false, true];
    remember(1, { generations: [['t', undefined]] });
    clock += 1_999;
    expect(memory.fresh(place)?.value).toBe(1);
    clock += 1;
    expect(memory.fresh(place)).toBeUndefined();
    expect(memory.stale(place)?.value).toBe(1);
  });

  it('an entry without grace, such as who holds an API key, stands in for no loader', () => {
    const key = placeOf({ tenantId: 'acme', type: 'api_key', id: '1' }, types);
    memory.remember(key, hold(1), timing({ leftMs: 300_000, graceMs: 0 }), memory.fence(key));
    expect(memory.stale(key)?.value).toBe(1);
    isOutage = true;
    expect(memory.stale(key)).toBeUndefined();
  });
});

describe('a load that failed', () => {
  it('leaves the loader alone until the time for another try, also when Redis is read once more meanwhile', () => {
    memory.postpone(place, remember(1, { leftMs: 299_000 }), clock + 5_000, memory.fence(place));
    expect(memory.stale(place)?.retryAt).toBe(6_000);
    remember(1, { leftMs: 298_000 });
    expect(memory.stale(place)?.retryAt).toBe(6_000);
  });

  it('is forgotten with a newer value', () => {
    memory.postpone(place, remember(1, { leftMs: 299_000 }), clock + 5_000, memory.fence(place));
    remember(2);
    expect(memory.stale(place)?.retryAt).toBe(0);
  });

  it('changes nothing when something was invalidated since the fence', () => {
    const [entry, fence] = [remember(), memory.fence(place)];
    memory.entry('acme', place.name);
    memory.postpone(place, entry, clock + 5_000, fence);
    expect(memory.stale(place)).toBeUndefined();
  });
});
