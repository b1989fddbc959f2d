import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { CacheEngine } from '../../src/shared/cache/cache-engine.js';
import type { CacheRef } from '../../src/shared/cache/engine/place.js';
import { CacheNodes, monitored, newTenant } from '../support/cache-nodes.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const nodes = new CacheNodes();
let redis: Redis;
let a: CacheEngine;
let b: CacheEngine;
let tenantId: string;

beforeAll(async () => {
  redis = await emptyRedis();
  [a, b] = [await nodes.open(), await nodes.open()];
});
beforeEach(() => {
  tenantId = newTenant();
});
afterAll(async () => {
  await nodes.close();
  redis.disconnect();
});

const ref = (type: CacheRef['type'], id: string | readonly string[], scope: CacheRef['scope'] = {}): CacheRef => ({ tenantId, type, id, scope });
const isThere = async (engine: CacheEngine, of: CacheRef): Promise<boolean> => (await engine.cache.get(of, { consistency: 'strong' })).source !== 'none';
const spec = (index: string, parents: string[] = []): { index: string; parents: string[] } => ({ index, parents });

describe('the scopes of an entry', () => {
  it('are no part of its identity: written with them it is read without, and the other way round', async () => {
    const state = ref('agent_execution_state', 'run');
    await a.cache.set({ ...state, scope: { agent: 'a' } }, 1);
    for (const engine of [a, b]) for (const scope of [{}, { agent: 'a' }, { agent: 'other' }]) expect((await engine.cache.get({ ...state, scope })).value).toBe(1);
    await a.cache.set(state, 2);
    await waitFor('the other process to hear of it', () => b.cache.peek(state) === undefined);
    expect((await b.cache.get({ ...state, scope: { agent: 'a' } })).value).toBe(2);
    await a.cache.set({ ...state, scope: { agent: 'a' } }, 3);
    await b.cache.invalidate(tenantId, ['a:a']);
    for (const engine of [a, b]) expect(await isThere(engine, state)).toBe(false);
  });

  it('make everything under one void, of every type and under any id, and nothing else', async () => {
    const inside = [ref('agent_tools', ['derived', 'id', 'of', 'names'], { agent: 'a' }), ref('agent_config', 'a', { agent: 'a' }), ref('agent_execution_state', 'r', { agent: 'a', conversation: 'c' }), ref('query_result', 'q', { agent: 'a', collection: 'k' })];
    const outside = [ref('agent_tools', 'b', { agent: 'b' }), ref('agent_config', 'c'), ref('conversation_memory', 'c', { agent: 'a', conversation: 'c' }), ref('agent_list', 'page'), { ...inside[0]!, tenantId: newTenant() }];
    for (const each of [...inside, ...outside]) await a.cache.set(each, 1);
    for (const each of [...inside, ...outside]) await b.cache.get(each);
    await a.cache.invalidate(tenantId, ['a:a']);
    for (const engine of [a, b]) {
      for (const each of inside) expect([each.type, await isThere(engine, each)]).toEqual([each.type, false]);
      for (const each of outside) expect([each.type, await isThere(engine, each)]).toEqual([each.type, true]);
    }
  });

  it('reach down to the messages and states of a conversation', async () => {
    const scope = { agent: 'a', conversation: 'c' };
    const inside = [ref('conversation_memory', 'c', scope), ref('conversation_message', 'm1', { ...scope, message: 'm1' }), ref('conversation_message', 'm2', { ...scope, message: 'm2' }), ref('agent_execution_state', 'r', scope), ref('crm_conversation', 'c', scope)];
    const sibling = ref('conversation_message', 'm3', { agent: 'a', conversation: 'd', message: 'm3' });
    for (const each of [...inside, sibling]) await a.cache.set(each, 1);
    await b.cache.invalidate(tenantId, ['m:m1']);
    expect(await Promise.all(inside.map((each) => isThere(a, each)))).toEqual([true, false, true, true, true]);
    await b.cache.invalidate(tenantId, ['c:c']);
    expect(await Promise.all([...inside, sibling].map((each) => isThere(a, each)))).toEqual([false, false, false, false, false, true]);
    await b.cache.invalidate(tenantId, ['ca:a']);
    expect(await isThere(a, sibling)).toBe(false);
  });

  it('can be filled anew after they were made void', async () => {
    const config = ref('agent_config', '1', { agent: 'a' });
    for (let round = 0; round < 5; round++) {
      expect((await a.cache.getOrLoad(config, async () => round)).value).toBe(round);
      expect((await b.cache.getOrLoad(config, async () => 'other')).value).toBe(round);
      await [a, b][round % 2]!.cache.invalidate(tenantId, [['a:a'], ['t']][round % 2]!);
      await waitFor('both to hear', () => [a, b].every(({ cache }) => cache.peek(config) === undefined));
    }
  });

  it('that are none are nothing to do', async () => {
    expect(await a.cache.invalidate(tenantId, [])).toEqual([]);
    expect([a.state().breaker, a.state().heldBack]).toEqual(['closed', 0]);
  });
});

describe('what an invalidation and a deletion report', () => {
  it('is whether there was one to be read', async () => {
    const config = ref('agent_config', '1', { agent: 'a' });
    const key = `nb:{${tenantId}}:cache:e:agent_config:1`;
    expect(await a.cache.delete(config)).toBe(false);
    await a.cache.set(config, 1);
    expect([await a.cache.delete(config), await a.cache.delete(config)]).toEqual([true, false]);
    await a.cache.set(config, 1, { ttlSeconds: 0 });
    expect(await a.cache.delete(config)).toBe(true);
    await a.cache.set(config, 1);
    await a.cache.invalidate(tenantId, ['a:a']);
    expect(await b.cache.delete(config)).toBe(false);
    await a.cache.set(config, 1);
    await redis.pexpire(key, 200_000);
    expect(await b.cache.delete(config)).toBe(false);
    await redis.set(key, 'damaged');
    expect([await b.cache.delete(config), await redis.exists(key)]).toEqual([false, 0]);
  });

  it('is how many of each counted type there were', async () => {
    for (const id of ['1', '2', '3']) await a.cache.set(ref('agent_config', id, { agent: 'a' }), 1);
    await a.cache.set(ref('agent_config', '1', { agent: 'a' }), 'again');
    await a.cache.set(ref('agent_tools', '1', { agent: 'a' }), 1);
    await a.cache.set(ref('agent_config', '9', { agent: 'b' }), 1);
    await a.cache.delete(ref('agent_config', '2', { agent: 'a' }));
    const indexes = [spec('a:a:agent_config'), spec('a:a:agent_tools'), spec('a:none:agent_tools')];
    expect(await b.cache.invalidate(tenantId, ['a:a'], indexes)).toEqual([2, 1, 0]);
    expect(await b.cache.invalidate(tenantId, ['a:a'], indexes)).toEqual([0, 0, 0]);
    expect(await b.cache.invalidate(tenantId, ['a:b'], [spec('a:b:agent_config')])).toEqual([1]);
  });

  it('leaves out what has ended', async () => {
    await a.cache.set(ref('agent_config', '1', { agent: 'a' }), 1);
    await a.cache.set(ref('agent_config', '2', { agent: 'a' }), 1, { ttlSeconds: 0.001 });
    await waitFor('the end', async () => (await redis.zcount(`nb:{${tenantId}}:cache:n:a:a:agent_config`, '-inf', Date.now() - 1)) > 0);
    expect(await a.cache.invalidate(tenantId, ['a:a'], [spec('a:a:agent_config')])).toEqual([1]);
  });

  it('counts what was in a narrow scope no more in the wide one', async () => {
    for (let index = 0; index < 2_500; index++) void a.cache.set(ref('conversation_message', String(index), { agent: 'a', conversation: index < 2_300 ? 'c' : 'd' }), 1);
    await waitFor('all to be there', async () => (await redis.zcard(`nb:{${tenantId}}:cache:n:ca:a:conversation_message`)) === 2_500);
    expect(await a.cache.invalidate(tenantId, ['c:c'], [spec('c:c:conversation_message', ['ca:a:conversation_message'])])).toEqual([2_300]);
    expect(await a.cache.invalidate(tenantId, ['ca:a'], [spec('ca:a:conversation_message')])).toEqual([200]);
  });

  it('knows which indexes of a tenant have entries, each entry in one of them', async () => {
    expect(await a.cache.indexNames(tenantId)).toEqual([]);
    await a.cache.set(ref('conversation_memory', 'c', { agent: 'a', conversation: 'c' }), 1);
    await a.cache.set(ref('conversation_memory', 'd', { conversation: 'd' }), 1);
    await a.cache.set(ref('embedding', 'e'), 1);
    expect((await b.cache.indexNames(tenantId)).sort()).toEqual(['c:d:conversation_memory', 'ca:a:conversation_memory']);
  });

  it('does not forget an index because its newest entry is short-lived', async () => {
    await a.cache.set(ref('agent_config', '1', { agent: 'a' }), 1);
    await a.cache.set(ref('agent_config', '2', { agent: 'a' }), 1, { ttlSeconds: 0.001 });
    expect(Number(await redis.zscore(`nb:{${tenantId}}:cache:n:t`, 'a:a:agent_config'))).toBeGreaterThan(Date.now() + 3_000_000);
    await waitFor('the end', async () => (await redis.zcount(`nb:{${tenantId}}:cache:n:a:a:agent_config`, '-inf', Date.now() - 1)) > 0);
    expect(await a.cache.indexNames(tenantId)).toEqual(['a:a:agent_config']);
  });
});

describe('the cost of an invalidation', () => {
  const fill = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += 1_000) await Promise.all(Array.from({ length: Math.min(1_000, to - first) }, (_, index) => a.cache.set(ref('agent_tools', String(first + index), { agent: 'a' }), 1)));
  };

  it('does not depend on how much is made void: 10 entries or 100 000', async () => {
    const invalidation = (): Promise<unknown> => a.cache.invalidate(tenantId, ['a:a'], [spec('a:a:agent_tools')]);
    const names = async (): Promise<string[]> => {
      const commands = await monitored(redis, invalidation);
      return commands.map((words) => (words[0] === 'lua' ? `lua ${words[1] ?? ''}` : (words[0] ?? '')).toLowerCase()).filter((name) => name !== 'publish');
    };
    await fill(0, 10);
    const few = await names();
    await fill(0, 100_000);
    expect(await redis.zcard(`nb:{${tenantId}}:cache:n:a:a:agent_tools`)).toBe(100_000);
    const many = await names();
    expect(many).toEqual(few);
    expect(many.length).toBeLessThan(10);
    expect(many.filter((name) => /keys|scan|flush|sort|members/.test(name))).toEqual([]);
    expect(await isThere(b, ref('agent_tools', '99999'))).toBe(false);
    await redis.flushdb();
  }, 60_000);
});

describe('a generation that is lost in Redis', () => {
  it('makes what is under it a miss, for ever: what comes after it is another one', async () => {
    const config = ref('agent_config', '1', { agent: 'a' });
    await a.cache.set(config, 'old');
    const text = (await redis.getBuffer(`nb:{${tenantId}}:cache:e:agent_config:1`))!;
    const generation = `nb:{${tenantId}}:cache:g:a:a`;
    await redis.del(generation);
    expect(await isThere(b, config)).toBe(false);
    expect(await redis.exists(`nb:{${tenantId}}:cache:e:agent_config:1`)).toBe(0);
    await b.cache.set(ref('agent_tools', '1', { agent: 'a' }), 1);
    await redis.set(`nb:{${tenantId}}:cache:e:agent_config:1`, text, 'PX', 4_000_000);
    expect(await isThere(b, config)).toBe(false);
    expect((await a.cache.getOrLoad(config, async () => 'new', { consistency: 'strong' })).value).toBe('new');
  });

  it('during a load makes its value one that nobody keeps', async () => {
    const config = ref('agent_config', '1', { agent: 'a' });
    const load = async (): Promise<string> => {
      await redis.del(`nb:{${tenantId}}:cache:g:a:a`);
      return 'loaded';
    };
    expect((await a.cache.getOrLoad(config, load)).value).toBe('loaded');
    for (const engine of [a, b]) expect(await isThere(engine, config)).toBe(false);
    expect(await redis.exists(`nb:{${tenantId}}:cache:l:agent_config:1`)).toBe(0);
  });
});
