import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CacheRef, CacheAsideService, TieredCache } from '../../src/shared/cache/index.js';
import { createAgent } from '../factories/agent.js';
import { ApiClient } from '../support/api-client.js';
import { cachesAreUp, metricOf } from '../support/caches.js';
import { AGENTS, faults, refusal, UNKNOWN_ID } from '../support/edited-agent.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';
const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', NOOBLE_ADMIN_KEY: ADMIN_KEY };
const CACHE = '/api/v1/admin/cache';

interface TypeReport {
  readonly type: string;
  readonly reads: Record<string, number>;
  readonly loads: number;
  readonly [field: string]: unknown;
}

interface Report {
  readonly state: Record<string, unknown>;
  readonly types: readonly TypeReport[];
}

describe('the operator of the caches', () => {
  let nooble: TestApp;
  let other: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp(ENVIRONMENT);
    // Without workers, so that every turn is run, and counted, by the first.
    other = await startTestApp({ ...ENVIRONMENT, NOOBLE_ROLE: 'api' }, { beside: nooble });
    acme = nooble.client('acme');
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
  });

  const typeOf = async (type: string): Promise<TypeReport | undefined> => (await acme.get<Report>(CACHE)).body.types.find((each) => each.type === type);
  const countsOf = async (type: string): Promise<number[]> => {
    const { reads = {}, loads = 0 } = (await typeOf(type)) ?? {};
    return [reads['hit_l1'] ?? 0, reads['hit_l2'] ?? 0, reads['miss'] ?? 0, loads];
  };
  const cache = (of: TestApp): TieredCache => of.app.get(TieredCache, { strict: false });
  const memory = (agent: string, conversation: string): CacheRef => ({ tenantId: 'acme', type: 'conversation_memory', id: conversation, scope: { agent, conversation } });
  const message = (agent: string, conversation: string, id: string): CacheRef => ({ tenantId: 'acme', type: 'conversation_message', id, scope: { agent, conversation, message: id } });
  const turn = async (agentId: string): Promise<void> => {
    const { body } = await acme.post<{ executionId: string }>(`${AGENTS}/${agentId}/executions`, { message: 'hello' });
    await acme.events(body.executionId);
  };

  it('sees the state of the process and the numbers of every type', async () => {
    await acme.get(AGENTS);
    const { status, body } = await acme.get<Report>(CACHE);
    expect(status).toBe(200);
    expect(body.state).toEqual({ breaker: 'closed', isBusSound: true, entries: expect.any(Number), bytes: expect.any(Number), evictions: 0, generations: expect.any(Number), inFlight: 0, heldBack: 0 });
    expect(body.types.find(({ type }) => type === 'agent_list')).toEqual({
      ...{ type: 'agent_list', loads: 1, loadErrors: 0, fenced: 0, meanLoadMs: expect.any(Number), loadsByMs: expect.any(Object) },
      reads: { hit_l1: 0, hit_l2: 0, stale: 0, miss: 1, absent: 0, none: 0, coalesced: 0 },
      hitRate: { '1m': expect.any(Number), '10m': expect.any(Number), '1h': expect.any(Number), total: 0 },
    });
    expect(body.types.map(({ type }) => type)).toEqual(body.types.map(({ type }) => type).sort());
  });

  it('sees the numbers grow by what was read, and the metrics say the same', async () => {
    const path = `${AGENTS}/${await createAgent(acme)}`;
    const before = [await countsOf('agent_response'), await countsOf('agent_config')];
    for (let i = 0; i < 4; i++) await acme.get(path);
    await other.client('acme').get(`${path}`);
    const grown = (after: number[], was: number[]): number[] => after.map((count, i) => count - (was[i] ?? 0));
    expect(grown(await countsOf('agent_response'), before[0]!)).toEqual([3, 0, 1, 1]);
    expect(grown(await countsOf('agent_config'), before[1]!)).toEqual([0, 0, 1, 1]);
    const there = await other.client('acme').get<Report>(CACHE);
    expect(there.body.types.find(({ type }) => type === 'agent_response')?.reads).toMatchObject({ hit_l2: 1, miss: 0 });
    for (const [index, outcome] of ['hit_l1', 'hit_l2', 'miss'].entries()) {
      expect(await metricOf(nooble.url, `nooble_cache_reads_total{type="agent_response",outcome="${outcome}"}`)).toBe((await countsOf('agent_response'))[index]);
    }
    expect(await metricOf(nooble.url, 'nooble_cache_loads_total{type="agent_response"}')).toBe((await countsOf('agent_response'))[3]);
    const { body } = await acme.get<Report>(CACHE);
    expect(await metricOf(nooble.url, 'nooble_cache_memory_entries')).toBe(body.state['entries']);
    for (const [name, value] of [['breaker_open', 0], ['bus_sound', 1], ['in_flight', 0], ['held_back', 0]] as const) expect(await metricOf(nooble.url, `nooble_cache_${name}`)).toBe(value);
  });

  it('reads in the metrics how many cache-aside reads a cache has answered, by type and operation, never by id', async () => {
    const agentId = await createAgent(acme, '', { tools: ['datetime'] });
    const counts = (): Promise<number[]> =>
      Promise.all(['hit', 'miss'].flatMap((outcome) => ['agent_tools', 'agent_config'].map((type) => metricOf(nooble.url, `agent_service_cache_${outcome}{data_type="${type}",operation="get"}`))));
    const before = await counts();
    for (let i = 0; i < 3; i++) await turn(agentId);
    await acme.get(`${AGENTS}/${agentId}`);
    await acme.with({ 'cache-control': 'no-cache' }).get(`${AGENTS}/${agentId}`);
    expect((await counts()).map((count, i) => count - (before[i] ?? 0))).toEqual([2, 0, 1, 2]);
    const aside = nooble.app.get(CacheAsideService, { strict: false });
    await aside.getWithCacheAside({ dataType: 'query_result', resourceId: 'secret-id', tenantId: 'acme', operation: 'search', fetchFromDb: () => Promise.resolve(1) });
    expect(await metricOf(nooble.url, 'agent_service_cache_miss{data_type="query_result",operation="search"}')).toBe(1);
    const text = await (await fetch(`${nooble.url}/metrics`)).text();
    for (const id of [agentId, 'secret-id', 'acme']) expect(text).not.toContain(id);
  });

  it('makes every process forget an agent, and is told how much there was', async () => {
    const [agentId, sibling] = [await createAgent(acme, '', { tools: ['datetime'] }), await createAgent(acme, '', { tools: ['datetime'] })];
    for (const id of [agentId, sibling]) {
      await turn(id);
      await acme.get(`${AGENTS}/${id}`);
      await cache(nooble).set(memory(id, `${id}-c1`), { messages: [] });
      await cache(other).set(memory(id, `${id}-c2`), { messages: [] });
      for (const number of ['1', '2', '3']) await cache(nooble).set(message(id, `${id}-c1`, `${id}-m${number}`), { role: 'user' });
    }
    const path = `${AGENTS}/${agentId}/invalidate`;
    // The agent's configuration twice: as such, and as the part of its contexts.
    expect(await acme.post(path)).toMatchObject({ status: 200, body: { agentConfig: 2, agentTools: 1, conversations: 0, messages: 0 } });
    expect((await acme.post(path)).body).toEqual({ agentConfig: 0, agentTools: 0, conversations: 0, messages: 0 });
    for (const each of [nooble, other]) expect((await cache(each).get(memory(agentId, `${agentId}-c1`))).value).toEqual({ messages: [] });
    expect((await other.client('acme').post(path, { invalidateConversations: true })).body).toEqual({ agentConfig: 0, agentTools: 0, conversations: 2, messages: 3 });
    for (const each of [nooble, other]) {
      for (const ref of [memory(agentId, `${agentId}-c1`), message(agentId, `${agentId}-c1`, `${agentId}-m2`)]) {
        await waitFor('the word of the other process', async () => (await cache(each).get(ref)).source === 'none');
      }
    }
    expect((await acme.post(path, { invalidateConversations: true })).body).toEqual({ agentConfig: 0, agentTools: 0, conversations: 0, messages: 0 });
    expect((await acme.post(`${AGENTS}/${sibling}/invalidate`, { invalidateConversations: true })).body).toEqual({ agentConfig: 2, agentTools: 1, conversations: 2, messages: 3 });
  });

  it('does not count again what a closed conversation has made void', async () => {
    const agentId = await createAgent(acme);
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`${AGENTS}/${agentId}/executions`, { message: 'hello' });
    await acme.events(body.executionId);
    await cache(nooble).set(memory(agentId, body.conversationId), { messages: [] });
    expect((await acme.post(`/api/v1/conversations/${body.conversationId}/close`)).status).toBe(200);
    expect((await cache(nooble).get(memory(agentId, body.conversationId))).source).toBe('none');
    expect((await acme.post(`${AGENTS}/${agentId}/invalidate`, { invalidateConversations: true })).body).toMatchObject({ conversations: 0 });
  });

  it('makes every process forget one agent of a tenant, or the whole tenant, and no other', async () => {
    const [globex, globexThere] = [nooble.client('globex'), other.client('globex')];
    const paths = [await createAgent(globex), await createAgent(globex)].map((id) => `${AGENTS}/${id}`);
    const seen = async (client: ApiClient, path: string): Promise<string | null> => (await client.get(path)).headers.get('x-cache');
    const warm = async (): Promise<void> => {
      for (const path of paths) for (const client of [globex, globexThere, globex]) await client.get(path);
      await acme.get(AGENTS);
    };
    await warm();
    const one = await acme.post(`${CACHE}/invalidate`, { tenantId: 'globex', agentId: paths[0]?.slice(AGENTS.length + 1) });
    expect(one).toMatchObject({ status: 200, body: { agentConfig: 1, agentTools: 0, conversations: 0, messages: 0 } });
    await waitFor('the other process to hear of it', async () => (await seen(globexThere, paths[0]!)) === 'MISS');
    expect([await seen(globex, paths[0]!), await seen(globex, paths[1]!)]).toEqual(['HIT-L2', 'HIT-L1']);
    await warm();
    expect(await acme.post(`${CACHE}/invalidate`, { tenantId: 'globex' })).toMatchObject({ status: 200, body: { agentConfig: 2 } });
    await waitFor('the other process to hear of it', async () => (await seen(globexThere, paths[0]!)) === 'MISS');
    expect([await seen(globex, paths[1]!), await seen(acme, AGENTS)]).toEqual(['MISS', 'HIT-L1']);
    expect((await acme.post(`${CACHE}/invalidate`, { tenantId: 'nobody' })).body).toEqual({ agentConfig: 0, agentTools: 0, conversations: 0, messages: 0 });
  });

  it.each([
    ['POST', `${CACHE}/invalidate`, {}, ['tenantId']],
    ['POST', `${CACHE}/invalidate`, { tenantId: 'a b' }, ['tenantId']],
    ['POST', `${CACHE}/invalidate`, { tenantId: '~system' }, ['tenantId']],
    ['POST', `${CACHE}/invalidate`, { tenantId: 'acme', agentId: 'x' }, ['agentId']],
    ['POST', `${CACHE}/invalidate`, { tenantId: 'acme', colour: 'red' }, ['colour']],
    ['POST', `${AGENTS}/${UNKNOWN_ID}/invalidate`, { invalidateConversations: 'yes' }, ['invalidateConversations']],
    ['POST', `${AGENTS}/${UNKNOWN_ID}/invalidate`, { all: true }, ['all']],
    ['POST', `${AGENTS}/x/invalidate`, {}, ['agentId']],
  ])('%s %s %j is refused, naming the field', async (method, path, body, fields) => {
    expect(await faults(acme, method, path, body)).toEqual([400, 'VALIDATION_FAILED', fields]);
  });

  it('an agent that is unknown, deleted or another tenant’s has nothing to forget', async () => {
    const foreign = await createAgent(nooble.client('globex'));
    const deleted = await createAgent(acme);
    await acme.delete(`${AGENTS}/${deleted}`);
    for (const id of [UNKNOWN_ID, foreign, deleted]) expect(await refusal(acme, 'POST', `${AGENTS}/${id}/invalidate`)).toEqual([404, 'AGENT_NOT_FOUND']);
  });

  it('needs the scope admin', async () => {
    const keyed = await startTestApp({ ...ENVIRONMENT, AUTH_MODE: 'keys' }, { beside: nooble });
    try {
      const as = (key: string): ApiClient => new ApiClient(keyed.url, { authorization: `Bearer ${key}` });
      const admin = as(ADMIN_KEY);
      const { body } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'test', scopes: ['user', 'agent', 'internal', 'operator'] });
      for (const [method, path] of [['GET', CACHE], ['POST', `${CACHE}/invalidate`]] as const) {
        expect(await refusal(as(body.key), method, path, method === 'POST' ? { tenantId: 'acme' } : undefined)).toEqual([403, 'SCOPE_MISSING']);
        expect((await new ApiClient(keyed.url, {}).call(method, path)).status).toBe(401);
      }
      expect((await admin.get(CACHE)).status).toBe(200);
      expect((await admin.post(`${CACHE}/invalidate`, { tenantId: 'acme' })).status).toBe(200);
    } finally {
      await keyed.close();
    }
  });

  it('makes a revoked key void at once, by forgetting its tenant', async () => {
    const keyed = await startTestApp({ ...ENVIRONMENT, AUTH_MODE: 'keys' }, { beside: nooble });
    try {
      await cachesAreUp(keyed.url);
      const as = (key: string): ApiClient => new ApiClient(keyed.url, { authorization: `Bearer ${key}` });
      const { body } = await as(ADMIN_KEY).post<{ key: string; keyId: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'test', scopes: ['agent'] });
      expect((await as(body.key).get(AGENTS)).status).toBe(200);
      await nooble.database.query('UPDATE api_keys SET revoked_at = now() WHERE key_id = $1', [body.keyId]);
      expect((await as(body.key).get(AGENTS)).status).toBe(200);
      await as(ADMIN_KEY).post(`${CACHE}/invalidate`, { tenantId: 'acme' });
      expect(await refusal(as(body.key), 'GET', AGENTS)).toEqual([401, 'API_KEY_INVALID']);
    } finally {
      await keyed.close();
    }
  });
});
