import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { keysIn, metricOf } from '../support/caches.js';
import { Conversations, NOTHING_BY_ITSELF, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { answering, ModelServer } from '../support/model-server.js';
import type { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const LOOKS = 'nooble_jobs_total{type="conversation.session_closed",outcome="completed"}';

describe('a session', () => {
  const apps: TestApp[] = [];
  let acme: ApiClient;
  let all: Conversations;
  const sockets: TestSocket[] = [];
  let models: ModelServer;

  // The last one has patience with those who come back.
  beforeAll(async () => {
    models = await ModelServer.start();
    const settings = { ...NOTHING_BY_ITSELF, OPENAI_BASE_URL: models.url, CONVERSATION_SOCKET_GRACE_SECONDS: '1' };
    apps.push(await startTestApp(settings));
    apps.push(await startTestApp(settings, { beside: apps[0]! }));
    apps.push(await startTestApp({ ...settings, CONVERSATION_SOCKET_GRACE_SECONDS: '4' }, { beside: apps[0]! }));
    acme = apps[0]!.client('acme');
    all = new Conversations(acme);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.cut();
  });
  afterAll(async () => {
    for (const app of apps.toReversed()) await app.close();
    await models.close();
  });

  const connect = async (sessionId: string, app = 0): Promise<TestSocket> => {
    const socket = await apps[app]!.client('acme').socket(sessionId);
    sockets.push(socket);
    return socket;
  };
  const leave = async (socket: TestSocket, { isCut = true } = {}): Promise<void> => {
    if (isCut) socket.cut();
    else socket.socket.close();
    await waitFor('the close', () => socket.closed);
  };
  /** Looks at sessions whose grace time was over, in all processes. */
  const looks = async (): Promise<number> => (await Promise.all(apps.map(({ url }) => metricOf(url, LOOKS)))).reduce((sum, count) => sum + count, 0);
  /** What happens, and then the look that follows from it. */
  const looked = async (what: () => Promise<unknown>): Promise<void> => {
    const before = await looks();
    await what();
    await waitFor('the look', async () => (await looks()) > before);
  };
  const statusOf = async (conversationId: string): Promise<string> => (await all.get(conversationId)).status;

  it.each([['cut', true], ['closed', false]])('whose only socket is %s and stays away is closed, with all its conversations (82, bug 5)', async (how, isCut) => {
    const sessionId = `away-${how}`;
    const [one, two, elsewhere] = [await all.begin({ sessionId }), await all.begin({ sessionId }), await all.begin()];
    const foreign = await new Conversations(apps[0]!.client('globex')).created({ sessionId });
    await looked(async () => leave(await connect(sessionId), { isCut }));
    expect(await Promise.all([one, two, elsewhere].map(statusOf))).toEqual(['completed', 'completed', 'active']);
    expect((await new Conversations(apps[0]!.client('globex')).get(foreign.conversationId)).status).toBe('active');
  });

  it('whose socket comes back in time stays open, and is closed when it goes for good', async () => {
    const conversationId = await all.begin({ sessionId: 'back' });
    let back: TestSocket | undefined;
    await looked(async () => {
      await leave(await connect('back', 2));
      back = await connect('back');
    });
    expect(await statusOf(conversationId)).toBe('active');
    await looked(() => leave(back!));
    expect(await statusOf(conversationId)).toBe('completed');
  });

  it.each([['one process', 0], ['two processes', 1]])('with two sockets on %s is open until both are gone (49)', async (_, other) => {
    const sessionId = `tabs-${String(other)}`;
    const conversationId = await all.begin({ sessionId });
    const [first, second] = [await connect(sessionId), await connect(sessionId, other)];
    await looked(() => leave(first));
    expect(await statusOf(conversationId)).toBe('active');
    await looked(() => leave(second));
    expect(await statusOf(conversationId)).toBe('completed');
  });

  it('nobody ever spoke on is closed without any failure', async () => {
    await looked(async () => leave(await connect('silent')));
    const failed = await metricOf(apps[0]!.url, 'nooble_jobs_total{type="conversation.session_closed",outcome="failed"}');
    expect(failed).toBe(0);
  });

  it('that is left during a run still gets its answer into the conversation, which stays closed', async () => {
    const gate = Promise.withResolvers<void>();
    models.on('wait for it', (response) => void gate.promise.then(() => { answering('here it is')(response, 1); }));
    const agentId = await createAgent(acme, '', { model: 'tiny' });
    const socket = await connect('left');
    socket.send('execution.start', { agentId, message: 'wait for it' });
    const { conversationId = '', executionId = '' } = await socket.next('execution.started');
    await looked(() => leave(socket));
    expect(await all.get(conversationId)).toMatchObject({ status: 'completed', messageCount: 1 });
    gate.resolve();
    await acme.events(executionId);
    expect(await all.get(conversationId)).toMatchObject({ status: 'completed', messageCount: 2 });
  });

  it('can be closed by its name, twice; an unknown one is 404', async () => {
    const [conversationId, active] = [await all.begin({ sessionId: 'named' }), keys.active('acme')];
    expect(await acme.post('/api/v1/sessions/named/close')).toMatchObject({ status: 200, body: { sessionId: 'named', status: 'completed', conversationIds: [conversationId] } });
    expect(await acme.post('/api/v1/sessions/named/close')).toMatchObject({ status: 200, body: { conversationIds: [] } });
    expect(await acme.post<ErrorAnswer>('/api/v1/sessions/nobody/close')).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
    // Bug 12: what is closed is not counted as active any more.
    expect(await apps[0]!.redis.zscore(active, conversationId)).toBeNull();
  });

  describe('whose conversation is resumed by its id in another one', () => {
    const turn = async (agentId: string, body: object): Promise<string> => {
      const { body: started } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', ...body });
      await acme.events(started.executionId);
      return started.conversationId;
    };
    const STATES: Readonly<Record<string, (conversationId: string) => Promise<unknown>>> = {
      active: async () => undefined,
      completed: (conversationId) => all.close(conversationId),
      cold: (conversationId) => all.rest(conversationId),
    };

    it.each(Object.keys(STATES))('has it no more, when it was %s', async (state) => {
      const [agentId, from, to] = [await createAgent(acme), `from-${state}`, `to-${state}`];
      const conversationId = await turn(agentId, { sessionId: from });
      await STATES[state]!(conversationId);
      await turn(agentId, { conversationId, sessionId: to });
      expect(await all.get(conversationId)).toMatchObject({ sessionId: to, status: 'active', messageCount: 4 });
      await acme.post(`/api/v1/sessions/${from}/close`);
      expect(await statusOf(conversationId)).toBe('active');
      const listed = async (sessionId: string): Promise<string[]> => (await acme.get<{ data: SeenConversation[] }>(`/api/v1/conversations?sessionId=${sessionId}`)).body.data.map((one) => one.conversationId);
      const history = async (sessionId: string): Promise<unknown> => (await acme.get<{ conversationId: string | null }>(`/api/v1/sessions/${sessionId}/history`)).body.conversationId;
      expect([await listed(from), await listed(to), await history(from), await history(to)]).toEqual([[], [conversationId], null, conversationId]);
      expect(await turn(agentId, { sessionId: from })).not.toBe(conversationId);
      await acme.post(`/api/v1/sessions/${to}/close`);
      expect(await statusOf(conversationId)).toBe('completed');
    });

    it.each(Object.keys(STATES))('leaves nothing behind when it is deleted or at rest, when it was %s', async (state) => {
      const [agentId, from, to] = [await createAgent(acme), `gone-from-${state}`, `gone-to-${state}`];
      for (const end of [(id: string) => acme.delete(`/api/v1/conversations/${id}`), (id: string) => all.rest(id)]) {
        const conversationId = await turn(agentId, { sessionId: from });
        await STATES[state]!(conversationId);
        await turn(agentId, { conversationId, sessionId: to });
        await end(conversationId);
        expect(await keysIn(apps[0]!.redis, `*session:gone-*-${state}`)).toEqual([]);
        expect((await acme.get(`/api/v1/sessions/${from}/history`)).body).toMatchObject({ conversationId: null, messages: [] });
      }
    });

    it('takes the place of the one that is active there with the same agent, which is completed', async () => {
      const agentId = await createAgent(acme);
      const [one, two] = [await turn(agentId, { sessionId: 'place-1' }), await turn(agentId, { sessionId: 'place-2' })];
      await turn(agentId, { conversationId: one, sessionId: 'place-2' });
      expect([await statusOf(one), await statusOf(two)]).toEqual(['active', 'completed']);
      expect(await turn(agentId, { sessionId: 'place-2' })).toBe(one);
    });
  });
});

describe('a conversation that nobody closes', () => {
  let nooble: TestApp;
  let all: Conversations;
  beforeAll(async () => {
    nooble = await startTestApp({ MIGRATION_INTERVAL_SECONDS: '1', MIGRATION_RELEASE_SECONDS: '0', CONVERSATION_IDLE_SECONDS: '4' });
    all = new Conversations(nooble.client('acme'));
  });
  afterAll(() => nooble.close());

  it('is completed and moved when it has been silent, and not while it is busy; and again after it went on', async () => {
    const [idle, empty, busy] = [await all.begin(), await all.begin(), await all.begin()];
    await all.say(idle, 'and then nothing');
    const beBusy = async (): Promise<void> => {
      // Its own message would open it again.
      await all.say(busy, 'still here', { role: 'assistant' });
      expect((await all.get(busy)).status).toBe('active');
    };
    for (const conversationId of [idle, empty]) {
      await waitFor('the move', async () => {
        await beBusy();
        return (await all.get(conversationId)).status === 'transferred';
      });
    }
    await all.say(idle, 'here again');
    expect(await all.get(idle)).toMatchObject({ status: 'active', messageCount: 2 });
    await waitFor('the second time', async () => (await all.get(idle)).storage === 'cold');
    await waitFor('the busy one', async () => (await all.get(busy)).storage === 'cold');
    expect(await nooble.redis.zcard(keys.active('acme'))).toBe(0);
  });

  it('and has a run under way is completed, and the answer comes', async () => {
    const client = nooble.client('acme');
    const agentId = await createAgent(client, '@think 2500');
    const { body } = await client.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'slowly', sessionId: newId() });
    await client.events(body.executionId);
    await waitFor('the rest', async () => (await all.get(body.conversationId)).storage === 'cold');
    expect((await all.page(body.conversationId, 'after=0')).data).toMatchObject([{ role: 'user' }, { role: 'assistant' }]);
  });
});
