import { describe, expect, it } from '@jest/globals';
import { CacheSettings } from '../config/index.js';
import { CACHE_TYPES, cacheTypes, ttlMsOf } from './cache-registry.js';
import { jittered, lifetimeOf } from './engine/lifetime.js';
import { placeOf } from './engine/place.js';

const types = cacheTypes(new CacheSettings());
const config = types.get('agent_config')!;

describe('the time to live of a type', () => {
  // ARCHITECTURE, section 8; the last six are of types that it does not name.
  const seconds = {
    ...{ execution_context: 1_800, context_agent: 600, context_collections: 900, context_part: 300 },
    ...{ agent_config: 3_600, agent_tools: 3_600, collection_metadata: 3_600 },
    ...{ conversation_memory: 86_400, conversation_message: 86_400, embedding: 86_400 },
    ...{ agent_execution_state: 300, query_result: 300 },
    ...{ api_key: 300, tenant: 300, agent_response: 3_600, agent_list: 300, crm_conversation: 2, crm_statistics: 30 },
  };

  it('is that of the registry', () => {
    expect(Object.fromEntries([...types].map(([name, { ttlMs }]) => [name, ttlMs / 1_000]))).toEqual(seconds);
  });

  it('is what the environment says instead', () => {
    const settings = Object.assign(new CacheSettings(), { embeddingSeconds: 5, apiKeySeconds: 0 });
    expect([cacheTypes(settings).get('embedding')?.ttlMs, cacheTypes(settings).get('api_key')?.ttlMs]).toEqual([5_000, 0]);
  });

  it('has a setting of its own; the answer that shows an agent lives as long as the agent', () => {
    const rows = Object.entries(CACHE_TYPES).flatMap(([name, { ttl }]) => (name === 'agent_response' ? [] : [ttl]));
    expect(new Set(rows).size).toBe(rows.length);
  });

  it('differs by a tenth at the most between two entries, so that they do not end together', () => {
    const lives = Array.from({ length: 1_000 }, () => jittered(lifetimeOf(config, config.ttlMs, 1)!).ttlMs);
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(3_240_000);
    expect(Math.max(...lives)).toBeLessThanOrEqual(3_960_000);
    expect(new Set(lives).size).toBeGreaterThan(500);
    expect(lives.every(Number.isInteger)).toBe(true);
  });

  it('without end stays without end', () => {
    expect(jittered(lifetimeOf(config, 0, 1)!)).toEqual({ ttlMs: 0, graceMs: 300_000 });
  });
});

describe('"known to be none"', () => {
  it('is kept for a short time and has no grace', () => {
    expect(lifetimeOf(config, config.ttlMs, null)).toEqual({ ttlMs: 30_000, graceMs: 0 });
    expect(lifetimeOf(config, 0, null)).toEqual({ ttlMs: 30_000, graceMs: 0 });
  });

  it('is not kept longer than a value would be', () => {
    expect(lifetimeOf(config, 1_000, null)!.ttlMs).toBe(1_000);
  });

  it('is not kept at all where the type says so', () => {
    expect(lifetimeOf({ ...config, absentMs: 0 }, 1_000, null)).toBeUndefined();
  });
});

describe('undefined', () => {
  it('is kept only where the type says that it is a value', () => {
    expect(lifetimeOf(config, 1_000, undefined)).toBeUndefined();
    expect(lifetimeOf({ ...config, keepsUndefined: true }, 0, undefined)).toEqual({ ttlMs: 0, graceMs: 300_000 });
  });
});

describe("a caller's time to live", () => {
  it.each([
    [0, 0],
    [0.0001, 1],
    [1.5, 1_500],
    [1.0001, 1_001],
    [3_600, 3_600_000],
    [40 * 86_400, 3_456_000_000],
    [31_536_000, 31_536_000_000],
  ])('of %d s is %d ms', (ttlSeconds, ms) => {
    expect(ttlMsOf(ttlSeconds)).toBe(ms);
  });

  it.each([-1, -0.001, NaN, Infinity, -Infinity, 31_536_001])('of %d s is refused', (ttlSeconds) => {
    expect(() => ttlMsOf(ttlSeconds)).toThrow(expect.objectContaining({ code: 'CACHE_TTL_INVALID' }));
  });
});

describe('an unknown type', () => {
  it.each(['agent', 'constructor', '__proto__', ''])('is refused: %j', (type) => {
    expect(() => placeOf({ tenantId: 'acme', type: type as 'embedding', id: '1' }, types)).toThrow(expect.objectContaining({ code: 'CACHE_TYPE_UNKNOWN' }));
  });
});
