import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const PATH = '/api/v1/conversations';
const FULL = { status: 429, body: { code: 'TIER_LIMIT_CONVERSATIONS', details: { limit: 'maxActiveConversations', active: 3, retryAfterMs: expect.any(Number) } } };

let nooble: TestApp;
beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
});
afterAll(() => nooble.close());

/** A tenant of its own for each test. */
function tenant(tier = 'free'): { readonly client: ApiClient; readonly all: Conversations } {
  const client = nooble.client(`t-${newId()}`, tier);
  return { client, all: new Conversations(client) };
}

const execute = (client: ApiClient, agentId: string, body: object = {}): ReturnType<typeof client.post<ErrorAnswer & { executionId: string; conversationId: string }>> => client.post(`/api/v1/agents/${agentId}/executions`, { message: 'hello', ...body });
const act = (client: ApiClient, data: object, fields: object = {}): ReturnType<typeof client.post<ErrorAnswer>> => client.post('/api/v1/actions?wait=true', { actionType: 'conversation.save_message', ...fields, data: { role: 'user', content: 'hello', ...data } });
const activeOf = async (client: ApiClient): Promise<number> => (await client.get<{ total: number }>(`${PATH}?status=active`)).body.total;

describe('a free tenant with three active conversations', () => {
  /** Every way to a fourth one. `closed`: a conversation that was closed before; `rested`: one that is at rest. */
  const WAYS: Readonly<Record<string, (scene: { readonly client: ApiClient; readonly agentId: string; readonly closed: string; readonly rested: string }) => Promise<unknown>>> = {
    'POST conversations': ({ client, agentId }) => client.post(PATH, { agentId }),
    'a turn': ({ client, agentId }) => execute(client, agentId),
    'a turn in a new session': ({ client, agentId }) => execute(client, agentId, { sessionId: 'fourth' }),
    'a turn in a closed conversation': ({ client, agentId, closed }) => execute(client, agentId, { conversationId: closed }),
    'a turn in a conversation at rest': ({ client, agentId, rested }) => execute(client, agentId, { conversationId: rested }),
    'an action': ({ client, agentId }) => act(client, {}, { sessionId: 'fourth', agentId }),
    'an action that reopens a closed one': ({ client, closed }) => act(client, { conversationId: closed }),
    'a message that reopens a closed one': ({ client, closed }) => client.post(`${PATH}/${closed}/messages`, { role: 'user', content: 'again' }),
    'a message that reopens one at rest': ({ client, rested }) => client.post(`${PATH}/${rested}/messages`, { role: 'user', content: 'again' }),
    'PATCH of a closed one': ({ client, closed }) => client.patch(`${PATH}/${closed}`, { status: 'active' }),
    'PATCH of one at rest': ({ client, rested }) => client.patch(`${PATH}/${rested}`, { status: 'active' }),
  };

  it.each(Object.keys(WAYS))('is refused a fourth one by %s, with the way out, and has room once one is closed', async (way) => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const [closed, rested] = [await all.begin({ agentId }), await all.begin({ agentId })];
    await all.close(closed);
    await all.rest(rested);
    const open = [await all.begin(), await all.begin(), await all.begin()];
    const scene = { client, agentId, closed, rested };
    expect(await WAYS[way]!(scene)).toMatchObject(FULL);
    expect(((await WAYS[way]!(scene)) as { headers: Headers }).headers.get('retry-after')).toMatch(/^\d+$/);
    expect([await activeOf(client), (await all.get(closed)).messageCount, (await all.get(rested)).messageCount]).toEqual([3, 0, 0]);
    await all.close(open[0]!);
    expect(((await WAYS[way]!(scene)) as { status: number }).status).toBeLessThan(300);
  });

  it('is refused a fourth one over the socket, which stays open', async () => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const first = await all.begin();
    for (let i = 0; i < 2; i += 1) await all.begin();
    const socket = await client.socket('fourth');
    try {
      socket.send('execution.start', { agentId, message: 'hello' });
      expect((await socket.next('error')).data).toMatchObject({ code: 'TIER_LIMIT_CONVERSATIONS', frameType: 'execution.start', details: { limit: 'maxActiveConversations' } });
      await all.close(first);
      socket.send('execution.start', { agentId, message: 'hello' });
      await socket.next('execution.completed');
    } finally {
      socket.cut();
    }
  });

  it('goes on in those that are open, and may change them', async () => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const first = await all.created({ agentId, sessionId: 'mine' });
    for (let i = 0; i < 2; i += 1) await all.begin();
    await all.say(first.conversationId, 'more');
    for (const body of [{ sessionId: 'mine' }, { conversationId: first.conversationId }, { conversationId: first.conversationId, sessionId: 'another' }]) {
      const { status, body: started } = await execute(client, agentId, body);
      expect([status, started.conversationId]).toEqual([202, first.conversationId]);
      await client.events(started.executionId);
    }
    expect((await client.patch(`${PATH}/${first.conversationId}`, { status: 'active', summary: 'x' })).status).toBe(200);
    expect(await activeOf(client)).toBe(3);
  });

  it('may open a closed one in the place of one that is open', async () => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const closed = await all.begin({ agentId });
    await all.close(closed);
    const open = await all.begin({ agentId, sessionId: 'place' });
    for (let i = 0; i < 2; i += 1) await all.begin();
    const { status, body } = await execute(client, agentId, { conversationId: closed, sessionId: 'place' });
    expect(status).toBe(202);
    expect((await client.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
    expect([(await all.get(closed)).status, (await all.get(open)).status, await activeOf(client)]).toEqual(['active', 'completed', 3]);
  });

  it('may delete one for another', async () => {
    const { client, all } = tenant();
    const ids = [await all.begin(), await all.begin(), await all.begin()];
    await client.delete(`${PATH}/${ids[0]!}`);
    expect((await client.post(PATH, { agentId: newId() })).status).toBe(201);
    expect(await client.post(PATH, { agentId: newId() })).toMatchObject(FULL);
  });

  it.each<[string, (client: ApiClient, agentId: string) => Promise<{ status: number }>]>([
    ['POST conversations', (client) => client.post(PATH, { agentId: newId() })],
    ['turns', (client, agentId) => execute(client, agentId)],
    ['actions', (client) => act(client, {}, { sessionId: newId(), agentId: newId() })],
  ])('has come to exactly three, of twenty at once by %s', async (_, begin) => {
    const { client } = tenant();
    const agentId = await createAgent(client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => begin(client, agentId)));
    expect([answers.filter(({ status }) => status < 300).length, answers.filter(({ status }) => status === 429).length, await activeOf(client)]).toEqual([3, 17, 3]);
  });
});

describe('a free tenant’s conversation with 50 messages', () => {
  const TAKEN = { status: 403, body: { code: 'TIER_LIMIT_MESSAGES', details: { limit: 'maxMessagesPerConversation', messages: 50 } } };
  const filled = async (all: Conversations, count: number, body: object = {}): Promise<SeenConversation> => {
    const conversation = await all.created(body);
    for (let i = 0; i < count; i += 1) await all.say(conversation.conversationId, `m${String(i)}`, { role: i % 2 === 0 ? 'user' : 'assistant', messageId: `m${String(i)}` });
    return conversation;
  };

  it.each(['hot', 'cold'])('takes none more when it is %s, by any way, and nothing is queued', async (place) => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const { conversationId } = await filled(all, 50, { agentId, sessionId: 'full' });
    if (place === 'cold') await all.rest(conversationId);
    expect(await client.post(`${PATH}/${conversationId}/messages`, { role: 'user', content: 'one more' })).toMatchObject(TAKEN);
    expect(await client.post(`${PATH}/${conversationId}/messages`, { role: 'system', content: 'one more' })).toMatchObject(TAKEN);
    expect(await act(client, { conversationId })).toMatchObject(TAKEN);
    expect(await execute(client, agentId, { conversationId })).toMatchObject(TAKEN);
    if (place === 'hot') expect(await execute(client, agentId, { sessionId: 'full' })).toMatchObject(TAKEN);
    if (place === 'hot') expect(await act(client, {}, { sessionId: 'full', agentId })).toMatchObject(TAKEN);
    expect(await nooble.redis.exists('{nb:queues}:execution.agent_run:wait')).toBe(0);
    expect((await all.get(conversationId)).messageCount).toBe(50);
    // What it has is still the same message.
    expect(await client.post(`${PATH}/${conversationId}/messages`, { role: 'user', content: 'm0', messageId: 'm0' })).toMatchObject({ status: 201, body: { seq: 1 } });
  });

  it('keeps the answer to the last one that was taken', async () => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    const { conversationId } = await filled(all, 49, { agentId });
    const { status, body } = await execute(client, agentId, { conversationId });
    expect(status).toBe(202);
    expect((await client.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
    expect((await all.page(conversationId, 'limit=2')).data).toMatchObject([{ seq: 51, role: 'assistant' }, { seq: 50, role: 'user' }]);
    expect(await execute(client, agentId, { conversationId })).toMatchObject({ status: 403, body: { code: 'TIER_LIMIT_MESSAGES', details: { messages: 51 } } });
  });

  it('has taken exactly one, of twenty at once for one place', async () => {
    const { client, all } = tenant();
    const { conversationId } = await filled(all, 49);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.post(`${PATH}/${conversationId}/messages`, { role: 'user', content: 'x' })));
    expect([answers.filter(({ status }) => status === 201).length, answers.filter(({ status }) => status === 403).length, (await all.get(conversationId)).messageCount]).toEqual([1, 19, 50]);
  });

  it('is refused over the socket', async () => {
    const { client, all } = tenant();
    const agentId = await createAgent(client);
    await filled(all, 50, { agentId, sessionId: 'over-the-socket' });
    const socket = await client.socket('over-the-socket');
    socket.send('execution.start', { agentId, message: 'hello' });
    expect((await socket.next('error')).data).toMatchObject({ code: 'TIER_LIMIT_MESSAGES' });
    socket.cut();
  });
});

describe('other tiers', () => {
  it.each([['advance', 10], ['professional', 50]])('%s has %s active conversations', async (tier, limit) => {
    const { client, all } = tenant(tier);
    for (let i = 0; i < limit; i += 1) await all.begin();
    expect(await client.post(PATH, { agentId: newId() })).toMatchObject({ status: 429, body: { code: 'TIER_LIMIT_CONVERSATIONS', details: { active: limit } } });
  });

  it('enterprise has no limit', async () => {
    const { client, all } = tenant('enterprise');
    const begun = await Promise.all(Array.from({ length: 60 }, () => all.begin()));
    const saved = await Promise.all(Array.from({ length: 60 }, (_, i) => all.say(begun[0]!, String(i))));
    expect([await activeOf(client), saved.length]).toEqual([60, 60]);
  });
});
