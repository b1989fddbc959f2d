import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AgentCacheInvalidator, CacheAsideService, type CacheRef, type CacheTypeName, TieredCache } from '../../src/shared/cache/index.js';
import { AgentTools } from '../../src/modules/execution/tools/agent-tools.service.js';
import { TOOLS_FINGERPRINT } from '../../src/modules/execution/tools/tool-registry.js';
import { newId } from '../../src/contracts/index.js';
import { cachesAreUp, keysIn, metricOf } from '../support/caches.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', NOOBLE_ROLE: 'api' };

/** A database of one answer, which counts how often it is asked. */
class Origin<T> {
  asked = 0;

  constructor(private readonly answer: () => T) {}

  readonly fetch = async (): Promise<T> => {
    this.asked++;
    return this.answer();
  };
}

function failing(message: string): never {
  throw new Error(message);
}

describe('a read through cache, database and generator', () => {
  let nooble: TestApp;
  let other: TestApp;

  beforeAll(async () => {
    nooble = await startTestApp(ENVIRONMENT);
    other = await startTestApp(ENVIRONMENT, { beside: nooble });
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
  });

  const aside = (of: TestApp = nooble): CacheAsideService => of.app.get(CacheAsideService, { strict: false });
  const cache = (of: TestApp = nooble): TieredCache => of.app.get(TieredCache, { strict: false });
  const invalidator = (of: TestApp = nooble): AgentCacheInvalidator => of.app.get(AgentCacheInvalidator, { strict: false });
  const request = (dataType: CacheTypeName, resourceId: CacheRef['id'] = newId()): { dataType: CacheTypeName; resourceId: CacheRef['id']; tenantId: string } => ({ dataType, resourceId, tenantId: 'acme' });

  it('asks the database once, and says where each answer came from and how long it took', async () => {
    const origin = new Origin(() => ({ name: 'Guide' }));
    const wanted = { ...request('agent_config'), fetchFromDb: origin.fetch };
    const answers = [await aside().getWithCacheAside(wanted), await aside().getWithCacheAside(wanted), await aside(other).getWithCacheAside(wanted)];
    expect(answers.map(({ value }) => value)).toEqual(answers.map(() => ({ name: 'Guide' })));
    expect(answers.map(({ metrics }) => [metrics.source, metrics.hit, metrics.coalesced])).toEqual([['db', false, false], ['l1', true, false], ['l2', true, false]]);
    for (const { metrics } of answers) {
      expect(metrics.latencyMs).toBeGreaterThanOrEqual(0);
      expect(metrics.totalMs).toBeGreaterThanOrEqual(metrics.latencyMs);
    }
    expect(origin.asked).toBe(1);
  });

  it('shares one question among all who ask at the same time', async () => {
    const origin = new Origin(() => 1);
    const wanted = { ...request('agent_config'), fetchFromDb: origin.fetch };
    const answers = await Promise.all(Array.from({ length: 10 }, () => aside().getWithCacheAside(wanted)));
    expect(answers.map(({ value }) => value)).toEqual(answers.map(() => 1));
    expect(answers.filter(({ metrics }) => metrics.coalesced)).toHaveLength(9);
    expect(origin.asked).toBe(1);
  });

  it.each([null, undefined])('what is nowhere (%s) is null, not found, and not kept', async (nothing) => {
    const origin = new Origin<number | null | undefined>(() => nothing);
    const wanted = { ...request('agent_config'), fetchFromDb: origin.fetch };
    for (let i = 0; i < 2; i++) expect(await aside().getWithCacheAside(wanted)).toMatchObject({ value: null, metrics: { source: 'not_found', hit: false } });
    expect(origin.asked).toBe(2);
    expect(await keysIn(nooble.redis, `*${String(wanted.resourceId)}*`)).toEqual([]);
  });

  it('what the database does not have is generated, and kept for its 24 hours', async () => {
    const [origin, generator] = [new Origin(() => null), new Origin(() => ({ messages: [] }))];
    const wanted = { ...request('conversation_memory'), fetchFromDb: origin.fetch, generate: generator.fetch };
    expect(await aside().getWithCacheAside(wanted)).toMatchObject({ value: { messages: [] }, metrics: { source: 'generated', hit: false } });
    expect(await aside().getWithCacheAside(wanted)).toMatchObject({ value: { messages: [] }, metrics: { source: 'l1', hit: true } });
    expect([origin.asked, generator.asked]).toEqual([1, 1]);
    const leftMs = await nooble.redis.pttl(`nb:{acme}:cache:e:conversation_memory:${String(wanted.resourceId)}`);
    expect(leftMs).toBeGreaterThan(0.89 * 86_400_000);
    expect(leftMs).toBeLessThanOrEqual(1.1 * 86_400_000 + 300_000);
  });

  it('what the database has is never generated', async () => {
    const generator = new Origin(() => 'generated');
    expect((await aside().getWithCacheAside({ ...request('conversation_memory'), fetchFromDb: () => Promise.resolve('stored'), generate: generator.fetch })).value).toBe('stored');
    expect(generator.asked).toBe(0);
  });

  it('an error of the database is thrown on: nothing is generated over it, nothing is kept', async () => {
    const generator = new Origin(() => ({ messages: [] }));
    const wanted = { ...request('conversation_memory'), generate: generator.fetch };
    await expect(aside().getWithCacheAside({ ...wanted, fetchFromDb: () => failing('connection reset') })).rejects.toThrow('connection reset');
    await expect(aside().getWithCacheAside({ ...wanted, fetchFromDb: () => Promise.reject(new Error('asynchronously')) })).rejects.toThrow('asynchronously');
    expect(generator.asked).toBe(0);
    expect(await keysIn(nooble.redis, `*${String(wanted.resourceId)}*`)).toEqual([]);
    expect((await aside().getWithCacheAside({ ...wanted, fetchFromDb: () => Promise.resolve({ messages: ['real'] }) })).value).toEqual({ messages: ['real'] });
  });

  it('an error of the generator is thrown on, too', async () => {
    const wanted = { ...request('conversation_memory'), fetchFromDb: () => Promise.resolve(null), generate: () => failing('no memory') };
    await expect(aside().getWithCacheAside(wanted)).rejects.toThrow('no memory');
    expect(await keysIn(nooble.redis, `*${String(wanted.resourceId)}*`)).toEqual([]);
  });

  it('while the database fails, what has just ended stands in for it, and it is asked once', async () => {
    const wanted = request('agent_config');
    await aside().getWithCacheAside({ ...wanted, fetchFromDb: () => Promise.resolve('old'), ttlSeconds: 0.05 });
    const origin = new Origin(() => failing('away'));
    const stale = await waitFor('the end of its time', async () => {
      const answer = await aside().getWithCacheAside<string>({ ...wanted, fetchFromDb: origin.fetch });
      return answer.metrics.source === 'stale' && answer;
    });
    expect(stale).toMatchObject({ value: 'old', metrics: { hit: true } });
    expect(await aside().getWithCacheAside({ ...wanted, fetchFromDb: origin.fetch })).toMatchObject({ value: 'old', metrics: { source: 'stale' } });
    expect(origin.asked).toBeLessThanOrEqual(2);
  });

  it.each([[0], [''], [false], [[]], [{}]])('%j is a value, from the database and from the generator', async (value) => {
    const [stored, generated] = [new Origin(() => value), new Origin(() => value)];
    const [first, second] = [request('agent_config'), request('agent_config')];
    for (const source of ['db', 'l1']) expect(await aside().getWithCacheAside({ ...first, fetchFromDb: stored.fetch })).toMatchObject({ value, metrics: { source } });
    for (const source of ['generated', 'l1']) expect(await aside().getWithCacheAside<unknown>({ ...second, fetchFromDb: () => Promise.resolve(null), generate: generated.fetch })).toMatchObject({ value, metrics: { source } });
    expect(await aside(other).getWithCacheAside({ ...first, fetchFromDb: stored.fetch })).toMatchObject({ value, metrics: { source: 'l2' } });
    expect([stored.asked, generated.asked]).toEqual([1, 1]);
  });

  it('what is supplied from outside is written directly, and the next read has it, in every process', async () => {
    const wanted = request('agent_config');
    const ref: CacheRef = { tenantId: 'acme', type: wanted.dataType, id: wanted.resourceId };
    const origin = new Origin(() => 'stored');
    await aside().getWithCacheAside({ ...wanted, fetchFromDb: origin.fetch });
    await aside(other).getWithCacheAside({ ...wanted, fetchFromDb: origin.fetch });
    expect(await aside().set(ref, 'supplied')).toBe(true);
    expect((await aside().getWithCacheAside({ ...wanted, fetchFromDb: origin.fetch })).value).toBe('supplied');
    await waitFor('the word of the first process', async () => (await aside(other).getWithCacheAside({ ...wanted, fetchFromDb: origin.fetch })).value === 'supplied');
    expect(origin.asked).toBe(1);
  });

  it.each([
    ...(['agent_config', 'agent_tools', 'collection_metadata'] as const).map((type) => [type, 3_600] as const),
    ...(['conversation_memory', 'conversation_message', 'embedding'] as const).map((type) => [type, 86_400] as const),
    ...(['agent_execution_state', 'query_result'] as const).map((type) => [type, 300] as const),
  ])('%s is kept for %i s, more or less a tenth', async (dataType, seconds) => {
    const wanted = request(dataType);
    await aside().getWithCacheAside({ ...wanted, fetchFromDb: () => Promise.resolve({}) });
    const key = `nb:{acme}:cache:e:${dataType}:${String(wanted.resourceId)}`;
    const graceMs = Number((await nooble.redis.get(key))?.split('\n')[1]?.split(' ')[0]);
    const ttlSeconds = ((await nooble.redis.pttl(key)) - graceMs) / 1_000;
    expect(ttlSeconds).toBeGreaterThan(0.9 * seconds - 10);
    expect(ttlSeconds).toBeLessThanOrEqual(1.1 * seconds);
  });

  it('a value of one tenant is none of another’s, whatever the id', async () => {
    for (const resourceId of ['same', 'a:b', '{globex}', 'globex:agent_config:same', '*', '%3A', '../globex', '__proto__']) {
      const at = (tenantId: string): object => ({ dataType: 'agent_config', resourceId, tenantId });
      for (const tenantId of ['acme-1', 'globex-1']) await aside().getWithCacheAside({ ...(at(tenantId) as ReturnType<typeof request>), fetchFromDb: () => Promise.resolve(`${tenantId} ${resourceId}`) });
      await cache().delete({ tenantId: 'acme-1', type: 'agent_config', id: resourceId });
      const origin = new Origin(() => 'again');
      expect((await aside().getWithCacheAside({ ...(at('globex-1') as ReturnType<typeof request>), fetchFromDb: origin.fetch })).value).toBe(`globex-1 ${resourceId}`);
      expect((await aside().getWithCacheAside({ ...(at('acme-1') as ReturnType<typeof request>), fetchFromDb: origin.fetch })).value).toBe('again');
    }
  });

  it.each(['', ' ', '\t'])('a tenant "%s" is refused before the database is asked', async (tenantId) => {
    const origin = new Origin(() => 1);
    await expect(aside().getWithCacheAside({ ...request('agent_config'), tenantId, fetchFromDb: origin.fetch })).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
    await expect(aside().getWithCacheAside({ ...request('nonsense' as CacheTypeName), fetchFromDb: origin.fetch })).rejects.toMatchObject({ code: 'CACHE_TYPE_UNKNOWN' });
    expect(origin.asked).toBe(0);
  });

  it('a state saved with its agent is read by its id alone, and goes with the agent', async () => {
    const [id, agent] = [newId(), newId()];
    const state: CacheRef = { tenantId: 'acme', type: 'agent_execution_state', id };
    await aside().set({ ...state, scope: { agent } }, { status: 'processing' });
    for (const each of [nooble, other]) expect((await cache(each).get(state)).value).toEqual({ status: 'processing' });
    await invalidator().agent('acme', agent);
    for (const each of [nooble, other]) await waitFor('the invalidation', async () => (await cache(each).get(state)).source === 'none');
  });

  it('counts every read, by type and operation', async () => {
    const counts = (): Promise<number[]> => Promise.all(['hit', 'miss'].map((outcome) => metricOf(nooble.url, `agent_service_cache_${outcome}{data_type="embedding",operation="embed"}`)));
    const wanted = { ...request('embedding'), operation: 'embed', fetchFromDb: () => Promise.resolve([1, 2]) };
    const before = await counts();
    for (let i = 0; i < 4; i++) await aside().getWithCacheAside(wanted);
    await aside().getWithCacheAside<number[]>({ ...request('embedding'), operation: 'embed', fetchFromDb: () => Promise.resolve(null) });
    expect((await counts()).map((count, i) => count - (before[i] ?? 0))).toEqual([3, 2]);
  });

  describe('of the tools of an agent', () => {
    const tools = (of: TestApp = nooble): AgentTools => of.app.get(AgentTools, { strict: false });
    const entries = (agentId: string): Promise<string[]> => keysIn(nooble.redis, `nb:{acme}:cache:e:agent_tools:*${agentId}*`);

    it('has one entry for the same names in any order, and another for another agent', async () => {
      const [agentId, sibling] = [newId(), newId()];
      for (const names of [['datetime', 'absent'], ['absent', 'datetime'], ['datetime', 'absent', 'datetime']]) {
        expect((await tools().load('acme', agentId, names)).map(({ name }) => name)).toEqual(['datetime']);
      }
      expect(await entries(agentId)).toHaveLength(1);
      await tools().load('acme', sibling, ['datetime', 'absent']);
      expect([await entries(agentId), await entries(sibling)].map(({ length }) => length)).toEqual([1, 1]);
      await tools().load('acme', agentId, ['datetime']);
      expect(await entries(agentId)).toHaveLength(2);
      await tools().load('globex', agentId, ['datetime']);
      expect(await entries(agentId)).toHaveLength(2);
    });

    it('passes over a name without a tool, and what it gives can be called', async () => {
      const loaded = await tools().load('acme', newId(), ['absent', 'datetime', 'constructor']);
      expect(loaded.map(({ name }) => name)).toEqual(['datetime']);
      expect(await loaded[0]?.execute({}, new AbortController().signal)).toMatchObject({ timeZone: 'UTC' });
      expect(await tools().load('acme', newId(), ['absent'])).toEqual([]);
      expect(await tools().load('acme', newId(), [])).toEqual([]);
    });

    it('does not confuse names that hold a comma or a colon', async () => {
      const agentId = newId();
      for (const names of [['a,b'], ['a', 'b'], ['a:b']]) await tools().load('acme', agentId, names);
      expect(await entries(agentId)).toHaveLength(3);
    });

    it('is void in every combination when the agent is invalidated, and its sibling’s is not', async () => {
      const [agentId, sibling] = [newId(), newId()];
      for (const names of [['datetime'], ['datetime', 'absent'], ['absent']]) await tools().load('acme', agentId, names);
      await tools().load('acme', sibling, ['datetime']);
      expect(await invalidator().agent('acme', agentId)).toEqual({ agentConfig: 0, agentTools: 3, conversations: 0, messages: 0 });
      const hits = async (id: string): Promise<string> => (await cache().get({ tenantId: 'acme', type: 'agent_tools', id: [id, TOOLS_FINGERPRINT, 'datetime'] })).source;
      expect([await hits(agentId), await hits(sibling)]).toEqual(['none', 'l1']);
    });
  });
});
