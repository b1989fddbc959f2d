import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SharedStream } from '../../src/shared/memo/streams/shared-stream.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { EditedAgent } from '../support/edited-agent.js';
import { answering, ModelServer, piece, stream } from '../support/model-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';
import { runAgent, type SeenTurn } from '../support/turns.js';

const ANSWERS = { answers: { ttlSeconds: 60 } };

describe('an agent that keeps', () => {
  let models: ModelServer;
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    models = await ModelServer.start();
    nooble = await startTestApp({ OPENAI_BASE_URL: models.url, EXECUTION_CONCURRENCY: '40' });
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
    await models.close();
  });

  const remote = (overrides: Record<string, unknown> = {}, client = acme): Promise<string> => createAgent(client, 'Be brief.', { model: 'tiny', memo: ANSWERS, ...overrides });
  const ended = ({ execution: { status, result, usage } }: SeenTurn): unknown[] => [status, result?.content, usage];
  const metric = async (line: string): Promise<number> => Number(new RegExp(`^${line} (\\d+)$`, 'm').exec(await (await fetch(`${nooble.url}/metrics`)).text())?.[1] ?? 0);

  describe('answers', () => {
    it('asks its model once for the same question, and says what that has saved', async () => {
      models.on('what is Python?', answering('a language'));
      const agentId = await remote();
      const before = await metric('nooble_memo_saved_tokens_total');
      const first = await runAgent(acme, agentId, { message: 'what is Python?' });
      const second = await runAgent(acme, agentId, { message: 'what is Python?' });
      expect(ended(first)).toEqual(['completed', 'a language', { inputTokens: 1, outputTokens: 1, totalTokens: 2 }]);
      expect(ended(second)).toEqual(['completed', 'a language', { inputTokens: 0, outputTokens: 0, totalTokens: 0, savedTokens: 2 }]);
      expect(second.of('message.completed')).toEqual([expect.objectContaining({ content: 'a language', usage: second.execution.usage })]);
      expect(second.of('message.delta')).toEqual(first.of('message.delta'));
      expect([models.callsFor('what is Python?').length, (await metric('nooble_memo_saved_tokens_total')) - before]).toEqual([1, 2]);
      expect(await metric('nooble_memo_calls_total\\{kind="answer",origin="kept"\\}')).toBeGreaterThan(0);
    });

    it('asks for other tenants again, for another prompt, and always for an agent that keeps nothing', async () => {
      const message = 'whose are you?';
      models.on(message, answering('yours'));
      const other = nooble.client('other');
      const agents = [await remote(), await remote({ systemPrompt: 'Be long.' }), await remote({ temperature: 0.1 }), await remote({ memo: null })] as const;
      const asked = async (client: ApiClient, agentId: string): Promise<number> => {
        await runAgent(client, agentId, { message });
        return models.callsFor(message).length;
      };
      expect([await asked(acme, agents[0]), await asked(acme, agents[0]), await asked(other, await remote({}, other))]).toEqual([1, 1, 2]);
      expect([await asked(acme, agents[1]), await asked(acme, agents[2]), await asked(acme, agents[3]), await asked(acme, agents[3])]).toEqual([3, 4, 5, 6]);
      // Another agent that asks exactly the same.
      expect(await asked(acme, await remote())).toBe(6);
    });

    it('asks once for thirty turns at once, in thirty conversations', async () => {
      const gate = Promise.withResolvers<void>();
      models.on('all at once', (response) => void gate.promise.then(() => { answering('one')(response, 1); }));
      const agentId = await remote();
      const turns = Array.from({ length: 30 }, () => runAgent(acme, agentId, { message: 'all at once' }));
      setTimeout(() => { gate.resolve(); }, 200);
      const outcomes = (await Promise.all(turns)).map(ended);
      expect([models.callsFor('all at once').length, new Set(outcomes.map(([status, content]) => `${String(status)} ${String(content)}`))]).toEqual([1, new Set(['completed one'])]);
      expect(outcomes.map(([, , usage]) => (usage as Record<string, number>)['totalTokens']).sort()).toEqual([...Array<number>(29).fill(0), 2]);
    });

    it('a turn that is cancelled takes no other one along that waits for the same answer', async () => {
      const gate = Promise.withResolvers<void>();
      models.on('slow', (response) => void gate.promise.then(() => { answering('at last')(response, 1); }));
      const agentId = await remote();
      const joined = jest.spyOn(SharedStream.prototype, 'join');
      const start = async (): Promise<string> => (await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'slow' })).body.executionId;
      const first = await start();
      while (models.callsFor('slow').length === 0) await acme.get('/health/live');
      const second = await start();
      // Without the second, nobody would wait for the answer any more, and the call would be broken off.
      await waitFor('both to wait for one answer', () => joined.mock.calls.length === 2);
      joined.mockRestore();
      await acme.post(`/api/v1/executions/${first}/cancel`);
      expect((await acme.events(first)).at(-1)?.type).toBe('execution.cancelled');
      gate.resolve();
      expect((await acme.events(second)).at(-1)).toMatchObject({ type: 'execution.completed', data: { usage: { totalTokens: 2 } } });
      expect(models.callsFor('slow')).toHaveLength(1);
    });

    it('keeps nothing of an answer that was cut off, filtered or broken', async () => {
      models.on('too long', (response) => void stream(response).end(piece({ content: 'and so o' }, 'length')));
      models.on('bad words', (response) => void stream(response).end(piece({ content: '' }, 'content_filter')));
      models.on('broken', (response) => { stream(response).write(piece({ content: 'half' })); setTimeout(() => response.destroy(), 20); });
      const agentId = await remote();
      for (const message of ['too long', 'bad words', 'broken']) {
        await runAgent(acme, agentId, { message });
        await runAgent(acme, agentId, { message });
        expect([message, models.callsFor(message).length]).toEqual([message, 2]);
      }
    });

    it('follows a turn that wants it otherwise, over REST, sockets, chat and commands, and refuses what it cannot', async () => {
      const message = 'fresh?';
      models.on(message, (response, nth) => { answering(`answer ${String(nth)}`)(response, nth); });
      const agentId = await remote();
      const asked = async (memo?: object): Promise<unknown> => (await runAgent(acme, agentId, { message, ...(memo && { memo }) })).execution.result?.content;
      expect([await asked({ noStore: true }), await asked(), await asked({ noCache: true }), await asked(), await asked({ maxAgeSeconds: 60 })]).toEqual(['answer 1', 'answer 2', 'answer 3', 'answer 3', 'answer 3']);
      const socket = await TestSocket.open(`${nooble.url.replace('http', 'ws')}/ws`, { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' });
      socket.send('execution.start', { agentId, message, memo: { noCache: true } });
      expect(await socket.next('message.completed')).toMatchObject({ data: { content: 'answer 4' } });
      socket.send('execution.start', { agentId, message, memo: [{ noCache: true }] });
      expect(await socket.next('error')).toMatchObject({ data: { code: 'VALIDATION_FAILED', message: expect.stringContaining('memo') } });
      socket.cut();
      const chat = await acme.with({ 'x-agent-id': agentId, 'x-session-id': 'a-chat' }).post<{ result: { content: string } }>('/api/v1/chat/send?wait=true', { message, memo: { noCache: true } });
      expect(chat.body).toMatchObject({ result: { content: 'answer 5' } });
      const command = await acme.post<{ commandId: string }>('/api/v1/commands', { agentId, task: message, memo: { noCache: true } });
      expect(await waitFor('the command', async () => (await acme.get<{ results: readonly { content?: string }[] }>(`/api/v1/commands/${command.body.commandId}`)).body.results[0])).toMatchObject({ content: 'answer 6' });
      for (const [memo, field] of [[{ noCache: 'yes' }, 'memo.noCache'], [{ ttlSeconds: 0 }, 'memo.ttlSeconds'], [{ maxAgeSeconds: 86_401 }, 'memo.maxAgeSeconds'], [{ forever: true }, 'memo.forever'], ['no', 'memo']] as const) {
        const refused = await acme.post<ErrorAnswer>(`/api/v1/agents/${agentId}/executions`, { message, memo });
        expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.stringContaining(field)]);
      }
    });

    it('has its answers in another process, too, and for no longer than it was said', async () => {
      const message = 'who remembers?';
      models.on(message, answering('all'));
      const agentId = await remote();
      await runAgent(acme, agentId, { message });
      const beside = await startTestApp({ OPENAI_BASE_URL: models.url }, { beside: nooble });
      try {
        expect((await runAgent(beside.client('acme'), agentId, { message })).execution.usage).toMatchObject({ savedTokens: 2 });
      } finally {
        await beside.close();
      }
      expect(models.callsFor(message)).toHaveLength(1);
      for (const key of await nooble.redis.keys('nb:{acme}:memo:answers:e:*')) expect(await nooble.redis.ttl(key)).toBeLessThanOrEqual(60);
    });
  });

  describe('results of tools', () => {
    it('calls them once for the same input, until it is changed', async () => {
      const call = '@tool datetime {"timeZone":"Asia/Tokyo"}';
      const edited = await EditedAgent.create(acme);
      await edited.edit({ systemPrompt: call, tools: ['datetime', 'calculator'], memo: { tools: [{ name: 'datetime', ttlSeconds: 60 }] } });
      const told = async (): Promise<unknown> => (await runAgent(acme, edited.agentId)).of('tool.completed').map(({ output }) => output);
      const first = await told();
      expect([await told(), await metric('nooble_memo_calls_total\\{kind="tool",origin="kept"\\}')]).toEqual([first, expect.any(Number)]);
      expect(await metric('nooble_memo_calls_total\\{kind="tool",origin="kept"\\}')).toBeGreaterThan(0);
      await edited.edit({ description: 'another version' });
      expect(await told()).not.toEqual(first);
    });

    it('does not keep what a tool has failed with', async () => {
      const agentId = await createAgent(acme, '@tool calculator {"expression":"nonsense("}', { tools: ['calculator'], memo: { tools: [{ name: 'calculator', ttlSeconds: 60 }] } });
      for (let i = 0; i < 2; i++) expect((await runAgent(acme, agentId)).of('tool.completed')).toEqual([expect.objectContaining({ error: expect.stringContaining('EXPRESSION_INVALID') })]);
      expect((await nooble.redis.keys('nb:{acme}:memo:tools:e:*')).length).toBe(await nooble.redis.zcard('nb:{acme}:memo:tools:slots'));
    });
  });

  it('is shown so, edited, versioned, and told what it cannot keep', async () => {
    const edited = await EditedAgent.create(nooble.client('editors'));
    expect(await edited.edit({ memo: null })).toMatchObject({ memo: null });
    expect(await edited.edit({ memo: { answers: {} } })).toMatchObject({ memo: { answers: { ttlSeconds: 3_600, toolCalls: false }, tools: [] } });
    expect(await edited.edit({ memo: null })).toMatchObject({ memo: null });
    expect((await edited.client.post(`${edited.path}/versions/3/activate`)).body).toMatchObject({ memo: { answers: { ttlSeconds: 3_600 } } });
    expect(await edited.edit({ memo: { tools: [{ name: 'datetime', ttlSeconds: 1 }] } })).toMatchObject({ memo: { tools: [{ name: 'datetime' }] } });
    const told = async (edit: unknown): Promise<unknown> => {
      const { status, body } = await edited.client.patch<ErrorAnswer>(edited.path, edit);
      return [status, body.code, `${body.message} ${JSON.stringify(body.details)}`];
    };
    const refused = async (memo: unknown): Promise<unknown> => told({ memo });
    expect(await told({ tools: ['calculator'] })).toEqual([400, 'MEMO_TOOL_UNKNOWN', expect.stringMatching(/^memo\.tools names "datetime", .* among calculator; give the agent that tool, or send memo without it\. .*"field":"memo\.tools"/)]);
    expect(await edited.edit({ tools: ['calculator'], memo: { tools: [{ name: 'calculator', ttlSeconds: 1 }] } })).toMatchObject({ tools: ['calculator'], memo: { tools: [{ name: 'calculator' }] } });
    expect(await edited.edit({ tools: [], memo: null })).toMatchObject({ tools: [], memo: null });
    await edited.edit({ tools: ['datetime'], memo: { tools: [{ name: 'datetime', ttlSeconds: 1 }] } });
    expect(await refused({ tools: [{ name: 'calculator', ttlSeconds: 1 }] })).toEqual([400, 'MEMO_TOOL_UNKNOWN', expect.stringContaining('among datetime')]);
    expect(await refused({ answers: { ttlSeconds: 86_401 } })).toEqual([400, 'VALIDATION_FAILED', expect.stringContaining('memo.answers.ttlSeconds')]);
    expect(await refused({ tools: [{ name: 'datetime' }] })).toEqual([400, 'VALIDATION_FAILED', expect.stringContaining('memo.tools.0.ttlSeconds')]);
    expect(await refused({ tools: [[]] })).toEqual([400, 'VALIDATION_FAILED', expect.stringMatching(/^each entry of memo\.tools must be a JSON object\. /)]);
    expect(await refused({ everything: true })).toEqual([400, 'VALIDATION_FAILED', expect.stringContaining('memo.everything')]);
  });
});
