import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { contextKeyOf, readContextKey } from '../../src/modules/execution/context/context-key.js';
import { ExecutionContexts } from '../../src/modules/execution/context/execution-contexts.service.js';
import { createAgent } from '../factories/agent.js';
import { ApiClient, type ErrorAnswer, type SeenEvent } from '../support/api-client.js';
import { cachesAreUp, isHeard, dumpOf, keysIn, metricOf } from '../support/caches.js';
import { AGENTS, type SeenAgent } from '../support/edited-agent.js';
import { ModelServer } from '../support/model-server.js';
import { templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const SECRET = 'sk-operators-own-key-of-these-tests';
const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', OPENAI_API_KEY: SECRET };

interface Started {
  readonly executionId: string;
  readonly conversationId: string;
}

describe('execution contexts', () => {
  let postgres: TcpProxy;
  let sql: SqlCounter;
  let model: ModelServer;
  let nooble: TestApp;
  let other: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    sql = new SqlCounter(postgres);
    model = await ModelServer.start();
    const environment = { ...ENVIRONMENT, OPENAI_BASE_URL: model.url };
    nooble = await startTestApp(environment, { databasePort: postgres.port });
    other = await startTestApp({ ...environment, NOOBLE_ROLE: 'api' }, { beside: nooble });
    acme = nooble.client('acme');
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
    await model.close();
    await postgres.close();
  });

  const contexts = (): ExecutionContexts => nooble.app.get(ExecutionContexts, { strict: false });
  const start = async (client: ApiClient, agentId: string, body: object = {}): Promise<Started> => {
    const answer = await client.post<Started>(`${AGENTS}/${agentId}/executions`, { message: 'hello', ...body });
    expect(answer.status).toBe(202);
    return answer.body;
  };
  const run = async (client: ApiClient, agentId: string, body: object = {}): Promise<Started & { readonly events: SeenEvent[] }> => {
    const started = await start(client, agentId, body);
    return { ...started, events: await client.events(started.executionId) };
  };
  const resolved = ({ events }: { readonly events: readonly SeenEvent[] }): Record<string, unknown> | undefined => events.find(({ type }) => type === 'context.resolved')?.data;
  const contextEntries = (tenant = 'acme'): Promise<string[]> => keysIn(nooble.redis, `nb:{${tenant}}:cache:e:execution_context:*`);

  it('are two for two agents in one conversation, each with its own configuration', async () => {
    const [first, second] = [await createAgent(acme, '', { provider: 'openai-compatible', model: 'first', temperature: 0.1 }), await createAgent(acme, '', { provider: 'openai-compatible', model: 'second', temperature: 0.9 })];
    const { conversationId } = await run(acme, first);
    model.calls.length = 0;
    for (const agentId of [second, first, second]) await run(acme, agentId, { conversationId });
    expect(model.calls.map(({ body }) => [body.model, body.temperature])).toEqual([['second', 0.9], ['first', 0.1], ['second', 0.9]]);
    expect((await contextEntries()).filter((key) => key.includes(conversationId))).toHaveLength(2);
  });

  it('see what one request wants by its headers, 0 included, and nobody else does', async () => {
    const agentId = await createAgent(acme, '', { provider: 'openai-compatible', model: 'tiny', temperature: 0.7, maxTokens: 500 });
    const { conversationId } = await run(acme, agentId);
    const ids = { tenantId: 'acme', agentId, conversationId };
    const before = (await contexts().ensure(ids, 'enterprise')).context;
    model.calls.length = 0;
    await run(acme.with({ 'X-LLM-Temperature': '0' }), agentId, { conversationId });
    await run(acme.with({ 'X-LLM-Temperature': '1.5', 'X-LLM-Max-Tokens': '7', 'X-LLM-Model': 'overlay-model' }), agentId, { conversationId });
    await run(acme, agentId, { conversationId });
    expect(model.calls.map(({ body }) => [body.model, body.temperature, body.max_tokens])).toEqual([['tiny', 0, 500], ['overlay-model', 1.5, 7], ['tiny', 0.7, 500]]);
    expect((await contexts().ensure(ids, 'enterprise')).context).toEqual(before);
    const entries = await Promise.all((await keysIn(nooble.redis, 'nb:{acme}:cache:e:*')).map((key) => nooble.redis.get(key)));
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.join()).not.toContain('overlay-model');
  });

  it.each([
    ['X-LLM-Temperature', ['-1', '2.1', 'warm', '', 'NaN', '1e0', '0x1']],
    ['X-LLM-Max-Tokens', ['0', '1.5', '-3', '200001', 'many']],
    ['X-LLM-Provider', ['nobody']],
    ['X-LLM-Model', ['builtin/other']],
  ])('a header %s that is none is refused before anything is queued, naming it', async (header, values) => {
    const agentId = await createAgent(acme);
    for (const value of values) {
      const answer = await acme.with({ [header]: value }).post<ErrorAnswer>(`${AGENTS}/${agentId}/executions`, { message: 'hello', sessionId: 'refused-header' });
      expect([value, answer.status, (answer.body.details as { field?: string } | undefined)?.field]).toEqual([value, 400, header]);
    }
    expect(await nooble.redis.exists('nb:{acme}:session:refused-header')).toBe(0);
  });

  it('are void with the agent: the next turn after an edit has the new version, whichever process took the edit', async () => {
    const agentId = await createAgent(acme);
    const path = `${AGENTS}/${agentId}`;
    const { conversationId, ...first } = await run(acme, agentId);
    expect(resolved(first)).toMatchObject({ agentVersion: 1 });
    expect(resolved(await run(acme, agentId, { conversationId }))).toMatchObject({ agentVersion: 1, source: 'memory' });
    for (const [client, version] of [[acme, 2], [other.client('acme'), 3], [acme, 4]] as const) {
      expect((await client.patch<SeenAgent>(path, { name: `Version ${String(version)}` })).body.version).toBe(version);
      await (client === acme ? isHeard(nooble, other) : isHeard(other, nooble));
      expect(resolved(await run(version === 3 ? acme : other.client('acme'), agentId, { conversationId }))).toMatchObject({ agentVersion: version });
    }
    await acme.patch(path, { isActive: false });
    expect((await acme.post(`${path}/executions`, { message: 'hello', conversationId })).status).toBe(403);
    await acme.delete(path);
    await isHeard(nooble, other);
    expect((await other.client('acme').post(`${path}/executions`, { message: 'hello', conversationId })).status).toBe(404);
  });

  it('are found by the key that an action carries, without another call', async () => {
    const agentId = await createAgent(acme);
    const { conversationId } = await run(acme, agentId);
    const key = contextKeyOf({ tenantId: 'acme', agentId, conversationId });
    sql.clear();
    const hit = await contexts().resolve(key, { tenantId: 'acme' }, 'enterprise');
    expect(hit).toMatchObject({ kind: 'hit', context: { tenantId: 'acme', agentId, conversationId, agent: { version: 1 }, llm: { model: 'builtin/chat', temperature: 0.7 }, rag: null, embedding: null } });
    expect(sql.naming('agents', 'agent_versions', 'conversations')).toEqual([]);
    expect(readContextKey(key)).toEqual({ tenantId: 'acme', agentId, conversationId });
  });

  it('live half an hour from their last use, and their agent part ten minutes', async () => {
    const agentId = await createAgent(acme);
    const { conversationId } = await run(acme, agentId);
    const [key = ''] = (await contextEntries()).filter((each) => each.includes(conversationId));
    const leftMs = await nooble.redis.pttl(key);
    expect(leftMs).toBeGreaterThan(0.89 * 1_800_000 - 60_000);
    expect(leftMs).toBeLessThanOrEqual(1.1 * 1_800_000);
    const { context } = await contexts().ensure({ tenantId: 'acme', agentId, conversationId }, 'enterprise');
    expect(context.expiresAt - context.createdAt).toBeLessThanOrEqual(600_000);
    await nooble.redis.pexpire(key, 30_000);
    // A process that does not have it in its memory uses it.
    await other.app.get(ExecutionContexts, { strict: false }).ensure({ tenantId: 'acme', agentId, conversationId }, 'enterprise');
    await waitFor('its whole time again', async () => (await nooble.redis.pttl(key)) > 1_600_000);
  });

  it.each(['deleted', 'damaged', 'of another schema', 'of another tenant'])('are rebuilt when their entry is %s, and the turn goes on', async (what) => {
    const agentId = await createAgent(acme);
    const { conversationId } = await run(acme, agentId);
    const [key = ''] = (await contextEntries()).filter((each) => each.includes(conversationId));
    const text = (await nooble.redis.get(key)) ?? '';
    const damaged = { 'deleted': undefined, 'damaged': text.slice(0, -20), 'of another schema': text.replace(/^1 /, '0 '), 'of another tenant': text.replace(' acme ', ' globex ') }[what];
    if (damaged === undefined) await nooble.redis.del(key);
    else await nooble.redis.set(key, damaged, 'KEEPTTL');
    const late = await startTestApp({ ...ENVIRONMENT, NOOBLE_ROLE: 'api' }, { beside: nooble });
    try {
      await cachesAreUp(late.url);
      const found = await late.app.get(ExecutionContexts, { strict: false }).resolve(contextKeyOf({ tenantId: 'acme', agentId, conversationId }), { tenantId: 'acme' }, 'enterprise');
      expect(found).toMatchObject({ kind: 'rebuilt', context: { agentId, conversationId, agent: { version: 1 } } });
      expect((await nooble.redis.get(key))?.startsWith('1 execution_context acme ')).toBe(true);
    } finally {
      await late.close();
    }
    expect((await run(acme, agentId, { conversationId })).events.at(-1)?.type).toBe('execution.completed');
  });

  it('ask for the agent once when twenty first messages come at the same time', async () => {
    const agentId = await createAgent(acme);
    sql.clear();
    const all = await Promise.all(Array.from({ length: 20 }, () => run(acme, agentId)));
    expect(all.map(({ events }) => events.at(-1)?.type)).toEqual(all.map(() => 'execution.completed'));
    expect(sql.naming('agents')).toHaveLength(1);
    const together = await createAgent(acme);
    const conversationId = newId();
    sql.clear();
    const made = await Promise.all(Array.from({ length: 20 }, () => contexts().ensure({ tenantId: 'acme', agentId: together, conversationId }, 'enterprise')));
    expect(new Set(made.map(({ context }) => context.contextId)).size).toBe(1);
    expect(sql.naming('agents')).toHaveLength(1);
  });

  it('are another one for another tier', async () => {
    const agentId = await createAgent(acme);
    const ids = { tenantId: 'acme', agentId, conversationId: newId() };
    expect((await contexts().ensure(ids, 'enterprise')).context.limits.maxIterations).toBe(20);
    expect((await contexts().ensure(ids, 'free')).context.limits.maxIterations).toBe(3);
    expect((await contexts().ensure(ids, 'enterprise')).context.limits.maxIterations).toBe(20);
  });

  it('bring no secret into Redis: neither the operator’s key nor an API key is anywhere in it', async () => {
    const keyed = await startTestApp({ ...ENVIRONMENT, OPENAI_BASE_URL: model.url, AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: 'an-administrator-of-these-tests-0001', NOOBLE_ROLE: 'api' }, { beside: nooble });
    try {
      await cachesAreUp(keyed.url);
      const at = (key: string): ApiClient => new ApiClient(keyed.url, { authorization: `Bearer ${key}` });
      const { body } = await at('an-administrator-of-these-tests-0001').post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'test', scopes: ['user', 'agent'] });
      const client = at(body.key);
      const agentId = await createAgent(client, '', { provider: 'openai-compatible', model: 'tiny', tools: ['datetime'] });
      model.calls.length = 0;
      for (let i = 0; i < 2; i++) expect((await run(client, agentId, { sessionId: 'secrets' })).events.at(-1)?.type).toBe('execution.completed');
      await client.get(`${AGENTS}/${agentId}`);
      expect(model.calls.map(({ authorization }) => authorization)).toEqual([`Bearer ${SECRET}`, `Bearer ${SECRET}`]);
      const everything = await dumpOf(nooble.redis);
      expect(everything).toContain(':cache:e:execution_context:');
      expect(everything).toContain(':cache:e:api_key:');
      expect(everything).toContain(agentId);
      expect(everything).not.toContain(SECRET);
      expect(everything).not.toContain(body.key);
      expect(everything).not.toMatch(/nk_[A-Za-z0-9_-]{20,}/);
      expect(everything).not.toContain('an-administrator-of-these-tests');
    } finally {
      await keyed.close();
    }
  });

  it('are counted by how they were found', async () => {
    const agentId = await createAgent(acme);
    const counts = (): Promise<number[]> => Promise.all(['hit', 'rebuilt', 'denied'].map((kind) => metricOf(nooble.url, `nooble_context_resolutions_total{kind="${kind}"}`)));
    const before = await counts();
    const { conversationId } = await run(acme, agentId);
    await run(acme, agentId, { conversationId });
    await contexts().resolve('garbage', { tenantId: 'acme' }, 'enterprise');
    expect((await counts()).map((count, i) => count - (before[i] ?? 0))).toEqual([2, 0, 1]);
  });
});
