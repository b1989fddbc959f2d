import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import { type Answer, ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { NOTHING_BY_ITSELF } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ADMIN_KEY = 'an-administrator-of-these-tests-0001';
const AGENTS = '/api/v1/agents';

interface Turn extends ErrorAnswer {
  readonly executionId: string;
  readonly conversationId: string;
}
interface Usage {
  readonly standings: Readonly<Record<string, { readonly limit: number | null; readonly used: number | null; readonly reserved?: number; readonly left: number | null }>>;
}

let nooble: TestApp;
beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, NOOBLE_ADMIN_KEY: ADMIN_KEY });
});
afterAll(() => nooble.close());

const admin = (): ApiClient => new ApiClient(nooble.url, { authorization: `Bearer ${ADMIN_KEY}` });
const setLimits = async (tenantId: string, limits: object): Promise<Answer<ErrorAnswer & { effective: object; overrides: object }>> => admin().call('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, limits);
const execute = (client: ApiClient, agentId: string, body: object = {}): Promise<Answer<Turn>> => client.post(`${AGENTS}/${agentId}/executions`, { message: 'hello', sessionId: 'one', ...body });
const usage = async (client: ApiClient): Promise<Usage['standings']> => (await client.get<Usage>('/api/v1/usage')).body.standings;
const rateOf = ({ headers }: Answer<unknown>): (string | null)[] => ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));

/** A tenant of its own with an agent, and what an administrator lets it. */
async function tenant(limits: object = {}, { tier = 'enterprise', prompt = '' } = {}): Promise<{ tenantId: string; client: ApiClient; agentId: string }> {
  const tenantId = `t-${newId()}`;
  const client = nooble.client(tenantId, tier);
  const agentId = await createAgent(client, prompt);
  if (Object.keys(limits).length > 0) expect((await setLimits(tenantId, limits)).status).toBe(200);
  return { tenantId, client, agentId };
}

describe('a free tenant', () => {
  it('begins ten turns in a minute; the eleventh is 429 with the way out, takes nothing and queues nothing', async () => {
    const { tenantId, client, agentId } = await tenant({}, { tier: 'free' });
    for (let i = 1; i <= 10; i++) {
      const answer = await execute(client, agentId);
      expect([answer.status, ...rateOf(answer)]).toEqual([202, '10', String(10 - i), expect.stringMatching(/^(60|[1-5]?\d)$/)]);
      await client.events(answer.body.executionId);
    }
    for (let again = 0; again < 2; again++) {
      const refused = await execute(client, agentId, { sessionId: newId() });
      expect([refused.status, ...rateOf(refused)]).toEqual([429, '10', '0', expect.stringMatching(/^\d+$/)]);
      expect(refused.headers.get('retry-after')).toMatch(/^(60|[1-5]?\d)$/);
      expect(refused.body).toMatchObject({ code: 'RATE_LIMITED', details: { limit: 'requestsPerMinute', requestsPerMinute: 10, retryAfterMs: expect.any(Number) } });
      expect(refused.body.message).toMatch(/requestsPerMinute.*X-Tenant-Tier/);
    }
    expect(await nooble.redis.mget(keys.turns(tenantId, 'minute'), keys.turns(tenantId, 'day'))).toEqual(['10', '10']);
    // The refused ones have begun no conversation.
    expect((await client.get<{ total: number }>('/api/v1/conversations')).body.total).toBe(1);
    expect((await execute(nooble.client(tenantId, 'enterprise'), agentId)).status).toBe(202);
  });

  it('runs no longer than its tier allows, whatever it asks for', async () => {
    const { client, agentId } = await tenant({ runTimeoutMs: 1_000 }, { tier: 'free' });
    const ended = async (message: string, timeoutMs?: number): Promise<unknown> => (await client.post(`${AGENTS}/${agentId}/executions?wait=true`, { message, ...(timeoutMs !== undefined && { timeoutMs }) })).body;
    const late = { status: 'timedOut', error: { code: 'EXECUTION_TIMED_OUT', message: expect.stringContaining('1000 ms') } };
    expect(await Promise.all([ended('@hang', 60_000), ended('@hang'), ended('@hang', 50)])).toMatchObject([late, late, { status: 'timedOut', error: { message: expect.stringContaining('50 ms') } }]);
  });

  it('is let in again when the minute is over', async () => {
    const { tenantId, client, agentId } = await tenant({ requestsPerMinute: 1 }, { tier: 'free' });
    expect((await execute(client, agentId)).status).toBe(202);
    expect((await execute(client, agentId)).status).toBe(429);
    await nooble.redis.pexpire(keys.turns(tenantId, 'minute'), 1);
    await waitFor('the next minute', async () => (await execute(client, agentId)).status === 202);
  });

  it('begins no more turns in a day than it may, and is told the longer wait', async () => {
    const { tenantId, client, agentId } = await tenant({}, { tier: 'free' });
    await nooble.redis.set(keys.turns(tenantId, 'day'), 100, 'PX', 80_000_000);
    const refused = await execute(client, agentId);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED', details: { limit: 'requestsPerDay' } } });
    expect(refused.body.details!.retryAfterMs).toBeGreaterThan(79_000_000);
    expect(await nooble.redis.exists(keys.turns(tenantId, 'minute'))).toBe(0);
  });

  it.each<[string, (client: ApiClient, agentId: string) => Promise<{ status: number; headers: Headers; body: unknown }>]>([
    ['chat/send', (client, agentId) => client.with({ 'x-agent-id': agentId, 'x-session-id': 'one' }).post('/api/v1/chat/send', { message: 'hello' })],
    ['commands', (client, agentId) => client.post('/api/v1/commands', { agentId, task: 'hello' })],
  ])('is counted by %s, too', async (_, begin) => {
    const { client, agentId } = await tenant({ requestsPerMinute: 2 }, { tier: 'free' });
    expect((await begin(client, agentId)).headers.get('x-ratelimit-remaining')).toBe('1');
    expect((await begin(client, agentId)).status).toBe(202);
    expect(await begin(client, agentId)).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    await waitFor('the commands', async () => (await client.get<{ total: number }>('/api/v1/commands?status=pending')).body.total === 0);
  });

  it('is told by a frame of its socket, which stays open', async () => {
    const { client, agentId } = await tenant({ requestsPerMinute: 1 }, { tier: 'free' });
    const socket = await client.socket('one');
    socket.send('execution.start', { agentId, message: 'hello' });
    await socket.next('execution.completed');
    socket.send('execution.start', { agentId, message: 'hello', requestId: 'r2' });
    expect((await socket.next('error')).data).toMatchObject({ code: 'RATE_LIMITED', requestId: 'r2', details: { retryAfterMs: expect.any(Number) } });
    socket.send('ping');
    await socket.next('pong');
    socket.cut();
  });

  it('takes one turn for the same Idempotency-Key, however often it comes', async () => {
    const { client, agentId } = await tenant({ requestsPerMinute: 1 }, { tier: 'free' });
    const keyed = client.with({ 'idempotency-key': newId() });
    const answers = await Promise.all(Array.from({ length: 10 }, () => execute(keyed, agentId)));
    answers.push(await execute(keyed, agentId));
    expect([new Set(answers.map(({ status }) => status)), new Set(answers.map(({ body }) => body.executionId)).size]).toEqual([new Set([202]), 1]);
  });

  it('is let in exactly as often as it may be, of a hundred at once', async () => {
    const { client, agentId } = await tenant({ maxActiveConversations: null, concurrentRuns: null }, { tier: 'free' });
    const answers = await Promise.all(Array.from({ length: 100 }, () => execute(client, agentId, { sessionId: newId() })));
    expect([answers.filter(({ status }) => status === 202).length, answers.filter(({ body }) => body.code === 'RATE_LIMITED').length]).toEqual([10, 90]);
  });

  it('has one agent, of those tools and models that its tier has, when it makes one and when it changes it', async () => {
    const { client, agentId } = await tenant({}, { tier: 'free' });
    const change = (body: object): Promise<Answer<ErrorAnswer>> => client.patch(`${AGENTS}/${agentId}`, body);
    expect(await client.post(AGENTS, { name: 'second' })).toMatchObject({ status: 403, body: { code: 'TIER_LIMIT_AGENTS', details: { limit: 'maxAgents', maxAgents: 1 } } });
    expect(await change({ tools: ['calculator'] })).toMatchObject({ status: 403, body: { code: 'TOOL_NOT_IN_TIER', message: expect.stringContaining('"calculator", only datetime; leave it out'), details: { tool: 'calculator' } } });
    expect((await change({ tools: ['datetime'] })).status).toBe(200);
    expect((await client.delete(`${AGENTS}/${agentId}`)).status).toBe(204);
    expect(await client.post(AGENTS, { name: 'a', tools: ['http_request'] })).toMatchObject({ status: 403, body: { code: 'TOOL_NOT_IN_TIER' } });
    expect((await client.post<ErrorAnswer>(AGENTS, { name: 'a' })).status).toBe(201);
  });

  it('makes exactly as many agents as it may, of twenty at once', async () => {
    const client = nooble.client(`t-${newId()}`, 'advance');
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.post(AGENTS, { name: 'x' })));
    expect([answers.filter(({ status }) => status === 201).length, answers.filter(({ status }) => status === 403).length]).toEqual([3, 17]);
  });

  it('keeps in an agent what it has had before its limits became less, and may edit the rest', async () => {
    const { tenantId, client } = await tenant();
    const agentId = await createAgent(client, '', { tools: ['calculator'] });
    const free = nooble.client(tenantId, 'free');
    expect((await free.patch(`${AGENTS}/${agentId}`, { name: 'New' })).status).toBe(200);
    expect((await free.patch<ErrorAnswer>(`${AGENTS}/${agentId}`, { tools: ['calculator', 'http_request'] })).body.code).toBe('TOOL_NOT_IN_TIER');
  });
});

describe('runs at once', () => {
  it('are as many as there may be, however many come, and a crash of none of them leaves the count wrong', async () => {
    const { tenantId, client, agentId } = await tenant({ concurrentRuns: 2 }, { prompt: '@hang' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => execute(client, agentId, { sessionId: newId() })));
    const begun = answers.filter(({ status }) => status === 202);
    expect([begun.length, new Set(answers.flatMap(({ body }) => body.code ?? []))]).toEqual([2, new Set(['TIER_LIMIT_CONCURRENT_RUNS'])]);
    expect(answers.find(({ status }) => status === 429)!.headers.get('retry-after')).toBe('1');
    // Who waits for a run takes its place, so he is let in.
    const waiting = await execute(client, agentId, { conversationId: begun[0]!.body.conversationId });
    expect([waiting.status, (await usage(client))['concurrentRuns']]).toEqual([202, { limit: 2, used: 2, left: 0, renewedAt: null }]);
    for (const { body } of [waiting, ...begun]) await client.post(`/api/v1/executions/${body.executionId}/cancel`);
    expect(await nooble.redis.exists(keys.busy(tenantId), keys.reservations(tenantId))).toBe(0);
    expect((await execute(client, agentId)).status).toBe(202);
  });
});

describe('a run', () => {
  it('is shown no more of its conversation, and takes no longer, than its tenant may, whatever it asks for', async () => {
    const { client, agentId } = await tenant({ contextMessages: 2, runTimeoutMs: 1_000 }, { prompt: '@echo-context' });
    const ended = async (body: object, agent = agentId): Promise<{ status: string; error: { code: string } | null; result: { content: string } | null }> => {
      const { executionId } = (await execute(client, agent, body)).body;
      await client.events(executionId);
      return (await client.get<Awaited<ReturnType<typeof ended>>>(`/api/v1/executions/${executionId}`)).body;
    };
    await ended({ message: 'the first' });
    const { result } = await ended({ message: 'the second' });
    expect((JSON.parse(result!.content) as { role: string }[]).filter(({ role }) => role !== 'system').map(({ role }) => role)).toEqual(['assistant', 'user']);
    const hanging = await createAgent(client, '@hang');
    expect(await ended({ message: 'hello', timeoutMs: 60_000, sessionId: newId() }, hanging)).toMatchObject({ status: 'timedOut', error: { code: 'EXECUTION_TIMED_OUT' } });
  });
});

describe('an administrator', () => {
  it('lays limits over those of the tier, which count at once, and takes them back', async () => {
    const { tenantId, client, agentId } = await tenant();
    expect(await setLimits(tenantId, { requestsPerMinute: 1, tools: ['datetime'] })).toMatchObject({ status: 200, body: { overrides: { requestsPerMinute: 1, tools: ['datetime'] }, effective: { requestsPerMinute: 1, maxIterations: 20, maxAgents: null } } });
    expect((await execute(client, agentId)).status).toBe(202);
    expect((await execute(client, agentId)).body.code).toBe('RATE_LIMITED');
    expect((await client.patch<ErrorAnswer>(`${AGENTS}/${agentId}`, { tools: ['calculator'] })).body.code).toBe('TOOL_NOT_IN_TIER');
    expect(await setLimits(tenantId, {})).toMatchObject({ status: 200, body: { overrides: {}, effective: { requestsPerMinute: null } } });
    expect((await execute(client, agentId)).status).toBe(202);
    expect(await admin().get(`/api/v1/admin/tenants/${tenantId}/limits`)).toMatchObject({ status: 200, body: { tenantId, overrides: {} } });
  });

  it.each([[{ requestsPerMinute: -1 }, 'requestsPerMinute'], [{ runTimeoutMs: 400_000 }, 'runTimeoutMs'], [{ maxIterations: null }, 'maxIterations'], [{ tools: ['hammer'] }, 'tools'], [{ models: 'all' }, 'models'], [{ wishes: 3 }, 'wishes']])('is told what is wrong with %j', async (limits, field) => {
    const { tenantId } = await tenant();
    const { status, body } = await setLimits(tenantId, limits);
    expect([status, body.details?.fields?.map((fault) => fault.field)]).toEqual([400, expect.arrayContaining([field])]);
  });

  it('finds no tenant that there is not', async () => {
    expect(await setLimits('nobody', {})).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
    const { client, tenantId } = await tenant();
    expect((await client.with({ 'x-tenant-tier': 'free' }).call('PUT', `/api/v1/admin/tenants/${tenantId}/limits`, {})).status).toBe(200);
  });

  it.each([['basic', 'advance'], ['pro', 'professional'], ['business', 'professional']])('may write the tier %s, which is %s', async (alias, tier) => {
    expect(await admin().post('/api/v1/admin/tenants', { name: 'x', tier: alias })).toMatchObject({ status: 201, body: { tier } });
  });
});

describe('requests of one API key', () => {
  it('are let in up to the ceiling, each key for itself; turns are not what it is about', async () => {
    const tenantId = `t-${newId()}`;
    await admin().post('/api/v1/admin/tenants', { tenantId, name: tenantId, tier: 'enterprise' });
    await setLimits(tenantId, { apiRequestsPerMinute: 3 });
    const [first, second] = await Promise.all(['a', 'b'].map(async (name) => {
      const { body } = await admin().post<{ key: string }>('/api/v1/admin/api-keys', { tenantId, name, scopes: ['user', 'agent'] });
      return new ApiClient(nooble.url, { authorization: `Bearer ${body.key}` });
    })) as [ApiClient, ApiClient];
    const answers = await Promise.all(Array.from({ length: 10 }, () => first.get<ErrorAnswer>(AGENTS)));
    const refused = answers.filter(({ status }) => status === 429);
    expect([answers.filter(({ status }) => status === 200).length, refused.length]).toEqual([3, 7]);
    expect(refused[0]).toMatchObject({ body: { code: 'RATE_LIMITED', details: { limit: 'apiRequestsPerMinute' } } });
    expect([refused[0]!.headers.get('retry-after'), ...rateOf(refused[0]!)]).toEqual([expect.stringMatching(/^\d+$/), '3', '0', expect.stringMatching(/^\d+$/)]);
    expect((await setLimits(tenantId, { apiRequestsPerMinute: 300 })).status).toBe(200);
    // Not all at once: whoever cannot be counted in time is let in.
    const more: number[] = [];
    for (let i = 0; i < 40; i++) more.push(...(await Promise.all(Array.from({ length: 10 }, () => first.get(AGENTS)))).map(({ status }) => status));
    expect(more.filter((status) => status === 200)).toHaveLength(297);
    await setLimits(tenantId, { apiRequestsPerMinute: 3 });
    const others = await second.get(AGENTS);
    expect([others.status, ...rateOf(others)]).toEqual([200, '3', '2', expect.any(String)]);
  });
});

describe('what a tenant has used', () => {
  it('is told with its limits', async () => {
    const { client, agentId } = await tenant({ tokensPerDay: 100_000 }, { tier: 'free' });
    const { body } = await execute(client, agentId);
    await client.events(body.executionId);
    const { usage: used } = (await client.get<{ usage: { totalTokens: number } }>(`/api/v1/executions/${body.executionId}`)).body;
    expect(await usage(client)).toMatchObject({
      requestsPerMinute: { limit: 10, used: 1, left: 9 },
      concurrentRuns: { limit: 3, used: 0, left: 3 },
      tokensPerDay: { limit: 100_000, used: used.totalTokens, reserved: 0, left: 100_000 - used.totalTokens },
      tokensPerMonth: { limit: null, used: used.totalTokens, left: null },
    });
  });
});
