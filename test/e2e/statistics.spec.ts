import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import { ApiClient, type ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const PAST_CACHES = { 'cache-control': 'no-cache' };
const ADMIN_KEY = 'an-administrator-of-these-tests-0002';

interface Numbers {
  readonly conversations: number;
  readonly activeConversations: number;
  readonly messages: number;
  readonly tokens: number;
  readonly averageMessages: number;
  readonly averageResponseMs: number;
  readonly responseP50Ms: number;
  readonly responseP95Ms: number;
  readonly executions: number;
  readonly completedExecutions: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly ratings: number;
  readonly averageSatisfaction: number;
  readonly resolutionRate: number;
  readonly costMicros: number;
}

type AgentNumbers = Numbers & { readonly agentId: string; readonly computedAt: string };
type TenantNumbers = Numbers & { readonly tenantId: string; readonly agents: readonly AgentNumbers[]; readonly computedAt: string };

const NO_TURNS = { averageResponseMs: 0, responseP50Ms: 0, responseP95Ms: 0, executions: 0, completedExecutions: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };
const ZEROS: Numbers = { conversations: 0, activeConversations: 0, messages: 0, tokens: 0, averageMessages: 0, ratings: 0, averageSatisfaction: 0, resolutionRate: 0, ...NO_TURNS };
const NO_HOURS = { executionsByHour: Array<number>(24).fill(0), busiestHours: [], from: null, to: null };

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
  acme = nooble.client('acme');
  all = new Conversations(acme);
});
afterAll(() => nooble.close());

const statsOf = async (client = acme): Promise<TenantNumbers> => (await client.with(PAST_CACHES).get<TenantNumbers>('/api/v1/crm/stats')).body;
const agentStats = async (agentId: string, client = acme): Promise<AgentNumbers> => (await client.with(PAST_CACHES).get<AgentNumbers>(`/api/v1/crm/stats/agents/${agentId}`)).body;

/** Counted here once more, over what each conversation says of itself. */
function countOf(conversations: readonly SeenConversation[]): Omit<Numbers, keyof typeof NO_TURNS> {
  const sum = (field: 'messageCount' | 'tokenCount'): number => conversations.reduce((total, conversation) => total + conversation[field], 0);
  const rated = conversations.flatMap(({ customerSatisfaction }) => customerSatisfaction ?? []);
  const closed = conversations.filter(({ status }) => status !== 'active').flatMap(({ customerSatisfaction }) => customerSatisfaction ?? []);
  return {
    ratings: rated.length,
    averageSatisfaction: rated.length === 0 ? 0 : rated.reduce((total, rating) => total + rating, 0) / rated.length,
    resolutionRate: closed.length === 0 ? 0 : closed.filter((rating) => rating >= 4).length / closed.length,
    conversations: conversations.length,
    activeConversations: conversations.filter(({ status }) => status === 'active').length,
    ...{ messages: sum('messageCount'), tokens: sum('tokenCount') },
    averageMessages: conversations.length === 0 ? 0 : sum('messageCount') / conversations.length,
  };
}

/** A turn. @returns its time in milliseconds, from acceptance to its end */
async function turn(agentId: string, conversationId: string): Promise<number> {
  const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', conversationId });
  await acme.events(body.executionId);
  await waitFor('the record', async () => (await nooble.database.query('SELECT 1 FROM executions WHERE execution_id = $1', [body.executionId])).length === 1);
  const { timings } = (await acme.get<{ timings: { queuedAt: string; endedAt: string } }>(`/api/v1/executions/${body.executionId}`)).body;
  return Date.parse(timings.endedAt) - Date.parse(timings.queuedAt);
}

describe('statistics (89, bug 10)', () => {
  it('without data are zeros', async () => {
    const empty = nooble.client('empty');
    expect(await statsOf(empty)).toEqual({ tenantId: 'empty', ...ZEROS, ...NO_HOURS, agents: [], computedAt: expect.stringMatching(/Z$/) });
    const agentId = newId();
    expect(await agentStats(agentId, empty)).toEqual({ agentId, ...ZEROS, ...NO_HOURS, computedAt: expect.stringMatching(/Z$/) });
  });

  it('are what the conversations of both stores say, without deleted ones, after every step of their lives', async () => {
    const agents = [newId(), newId(), newId()];
    const ids: string[] = [];
    const compare = async (): Promise<void> => {
      const known = await Promise.all(ids.map((id) => all.get(id)));
      const { computedAt: _, ...stats } = await statsOf();
      const ofAgents = agents.map((agentId) => ({ agentId, ...countOf(known.filter((one) => one.agentId === agentId)), ...NO_TURNS, computedAt: expect.any(String) }));
      expect(stats).toEqual({ tenantId: 'acme', ...countOf(known), ...NO_TURNS, ...NO_HOURS, agents: expect.arrayContaining(ofAgents) });
      expect(stats.agents.map(({ conversations }) => conversations)).toEqual(stats.agents.map(({ conversations }) => conversations).toSorted((a, b) => b - a));
      for (const [i, agentId] of agents.entries()) expect(await agentStats(agentId)).toEqual({ ...ofAgents[i], ...NO_HOURS });
    };
    for (let i = 0; i < 12; i += 1) {
      const conversationId = await all.begin({ agentId: agents[[0, 0, 0, 1, 1, 2][i % 6]!] });
      for (let n = 0; n <= i; n += 1) await all.say(conversationId, `some words of message ${String(n)}`);
      ids.push(conversationId);
    }
    await compare();
    for (const [i, id] of ids.entries()) if (i % 2 === 0) await acme.call('PUT', `/api/v1/crm/conversations/${id}/satisfaction`, { customerSatisfaction: 1 + (i % 5) });
    await compare();
    for (const id of ids.slice(0, 4)) await all.rest(id);
    for (const id of ids.slice(4, 8)) await all.move(id);
    await compare();
    for (const id of [ids[0]!, ids[4]!]) await all.say(id, 'again');
    await all.close(ids[11]!);
    await compare();
    for (const index of [9, 5, 2]) await acme.delete(`/api/v1/conversations/${ids.splice(index, 1)[0]!}`);
    await compare();
    for (const id of ids) await all.rest(id);
    await compare();
    expect(await statsOf()).toMatchObject({ conversations: 9, activeConversations: 0 });
  });

  it('have the time that completed turns took on average, of each agent and of all', async () => {
    const [quick, slow, broken] = [await createAgent(acme), await createAgent(acme, '@think 120'), await createAgent(acme, '@fail 401')];
    const times: Record<string, number[]> = { [quick]: [], [slow]: [] };
    for (const agentId of [quick, slow, slow]) times[agentId]!.push(await turn(agentId, await all.begin({ agentId })));
    await turn(broken, await all.begin({ agentId: broken }));
    const mean = (of: readonly number[]): number => of.reduce((sum, time) => sum + time, 0) / of.length;
    expect((await agentStats(quick)).averageResponseMs).toBeCloseTo(mean(times[quick]!));
    expect((await agentStats(slow)).averageResponseMs).toBeCloseTo(mean(times[slow]!));
    expect((await agentStats(broken)).averageResponseMs).toBe(0);
    expect((await statsOf()).averageResponseMs).toBeCloseTo(mean([...times[quick]!, ...times[slow]!]));
  });

  it('of another tenant are his own', async () => {
    const globex = nooble.client('globex');
    await new Conversations(globex).begin();
    expect(await statsOf(globex)).toMatchObject({ tenantId: 'globex', conversations: 1 });
    const [ofAcme] = (await statsOf()).agents;
    expect(await agentStats(ofAcme!.agentId, globex)).toMatchObject(ZEROS);
  });

  it('of an agent whose id is none are refused', async () => {
    expect(await acme.get<ErrorAnswer>('/api/v1/crm/stats/agents/nobody')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', details: { fields: [{ field: 'agentId' }] } } });
  });
});

describe('what operators see (88, bug 16)', () => {
  let guarded: TestApp;
  beforeAll(async () => {
    guarded = await startTestApp({ ...NOTHING_BY_ITSELF, AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY });
  });
  afterAll(() => guarded.close());

  const withScopes = async (...scopes: string[]): Promise<ApiClient> => {
    const admin = new ApiClient(guarded.url, { authorization: `Bearer ${ADMIN_KEY}` });
    await admin.post('/api/v1/admin/tenants', { tenantId: 'acme', name: 'Acme' });
    const { body } = await admin.post<{ key: string }>('/api/v1/admin/api-keys', { tenantId: 'acme', name: 'x', scopes });
    return new ApiClient(guarded.url, { authorization: `Bearer ${body.key}` });
  };

  it.each(['/api/v1/crm/stats', `/api/v1/crm/stats/agents/${newId()}`, `/api/v1/crm/conversations/${newId()}`])('at %s is for operators: 401 without credentials, 403 without the scope or for another tenant', async (path) => {
    expect((await new ApiClient(guarded.url, {}).get(path)).status).toBe(401);
    expect((await new ApiClient(guarded.url, { 'x-tenant-id': 'acme' }).get(path)).status).toBe(401);
    expect(await (await withScopes('user', 'internal')).get(path)).toMatchObject({ status: 403, body: { code: 'SCOPE_MISSING', details: { scope: 'operator' } } });
    const operator = await withScopes('operator');
    expect(await operator.with({ 'x-tenant-id': 'globex' }).get(path)).toMatchObject({ status: 403, body: { code: 'TENANT_MISMATCH' } });
    expect([200, 404]).toContain((await operator.with({ 'x-tenant-id': 'acme' }).get(path)).status);
  });

  it('conversations are for users: 401 without credentials, 403 without the scope or for another tenant', async () => {
    const [user, operator, path] = [await withScopes('user'), await withScopes('operator'), '/api/v1/conversations'];
    const id = await new Conversations(user).begin({ sessionId: 's' });
    const calls = [['GET', path], ['POST', path], ['GET', `${path}/${id}`], ['PATCH', `${path}/${id}`], ['DELETE', `${path}/${id}`], ['POST', `${path}/${id}/close`], ['GET', `${path}/${id}/messages`], ['POST', `${path}/${id}/messages`], ['GET', `${path}/${id}/context`], ['GET', '/api/v1/sessions/s/history'], ['POST', '/api/v1/sessions/s/close']] as const;
    for (const [method, url] of calls) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {};
      expect((await new ApiClient(guarded.url, {}).call(method, url, body)).status).toBe(401);
      expect((await operator.call(method, url, body)).status).toBe(403);
      expect((await user.with({ 'x-tenant-id': 'globex' }).call(method, url, body)).status).toBe(403);
    }
    expect((await new Conversations(user).get(id)).status).toBe('active');
  });
});
