import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { AGENTS, EditedAgent, faults, refusal, UNKNOWN_ID } from '../support/edited-agent.js';
import { queueRun } from '../support/agent-runs.js';
import { ModelServer } from '../support/model-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { runNewAgent } from '../support/turns.js';

describe('the agent loop', () => {
  let models: ModelServer;
  let nooble: TestApp;
  let acme: ApiClient;

  beforeAll(async () => {
    models = await ModelServer.start();
    nooble = await startTestApp({ OPENAI_BASE_URL: models.url });
    acme = nooble.client('acme');
  });
  afterAll(async () => {
    await nooble.close();
    await models.close();
  });

  it('answers with what it has when its model calls are used up', async () => {
    const turn = await runNewAgent(acme, '@loop datetime {"timeZone":"Asia/Tokyo"}', { tools: ['datetime'], maxIterations: 3 });
    expect(turn.of('tool.completed')).toHaveLength(2);
    expect(turn.of('execution.completed')).toEqual([{ usage: turn.execution.usage, finishReason: 'iterations-exhausted' }]);
    expect(turn.execution).toMatchObject({ status: 'completed', error: null, result: { content: expect.stringContaining('Asia/Tokyo'), provider: 'builtin', model: 'builtin/chat' } });
  });

  it.each([
    [{ maxIterations: 2 }, {}, 1],
    [{}, { maxIterations: 2 }, 1],
    [{ maxIterations: 50 }, { maxIterations: 50 }, 2],
  ])('has the fewest calls of request, agent and tier: %j, %j', async (agent, request, tools) => {
    const turn = await runNewAgent(nooble.client(`frugal-${newId()}`, 'free'), '@loop datetime {}', { tools: ['datetime'], ...agent }, request);
    expect(turn.of('tool.started')).toHaveLength(tools);
  });

  it('calculates, and is told what cannot be calculated', async () => {
    const turn = await runNewAgent(acme, '@tool calculator {"expression":"6 * 7"}\n@tool calculator {"expression":"process.exit()"}\n@tool calculator {}', { tools: ['calculator'] });
    expect(turn.of('tool.completed')).toEqual(expect.arrayContaining([
      expect.objectContaining({ output: { expression: '6 * 7', result: 42 } }),
      expect.objectContaining({ error: expect.stringContaining('EXPRESSION_INVALID') }),
      expect.objectContaining({ error: expect.stringContaining('TOOL_INPUT_INVALID') }),
    ]));
    expect(turn.execution.status).toBe('completed');
  });

  it('works in three phases for a workflow, and streams the last one', async () => {
    const turn = await runNewAgent(acme, '@tool datetime {"timeZone":"Asia/Tokyo"}', { type: 'workflow', tools: ['datetime'] });
    expect(turn.events.map(({ type, data }) => (type === 'progress' ? String(data['stage']) : type)).filter((type, i, all) => type !== all[i - 1])).toEqual([
      ...['execution.queued', 'execution.started', 'context.resolved', 'analyse', 'tool.started', 'tool.completed', 'process', 'respond', 'message.delta', 'message.completed', 'execution.completed'],
    ]);
    expect(turn.execution.result?.content).toContain('Asia/Tokyo');
  });

  describe('with a fallback', () => {
    it('answers with it when the model has failed for good, and says so', async () => {
      const turn = await runNewAgent(acme, '@fail 400', { fallbackModel: { model: 'tiny' } });
      expect(turn.of('progress')).toEqual([{ stage: 'fallback', provider: 'openai-compatible', model: 'tiny', reason: expect.stringContaining('HTTP 400') }]);
      expect(turn.execution).toMatchObject({ status: 'completed', error: null, result: { content: 'ok', provider: 'openai-compatible', model: 'tiny' } });
      expect(turn.of('message.completed')).toEqual([expect.objectContaining({ content: 'ok', model: 'tiny' })]);
    });

    it('does not ask it when the model answers', async () => {
      const turn = await runNewAgent(acme, '', { fallbackModel: { provider: 'openai-compatible', model: 'tiny' } });
      expect([turn.of('progress'), turn.execution.result?.model]).toEqual([[], 'builtin/chat']);
    });

    it('keeps it as part of the agent: shown, edited, versioned, taken away', async () => {
      const edited = await EditedAgent.create(acme);
      expect((await edited.read())['fallbackModel']).toBeNull();
      expect(await edited.edit({ fallbackModel: { model: 'tiny' } })).toMatchObject({ version: 2, fallbackModel: { provider: 'openai-compatible', model: 'tiny' } });
      expect(await edited.edit({ description: 'x' })).toMatchObject({ fallbackModel: { model: 'tiny' } });
      expect(await edited.edit({ fallbackModel: null })).toMatchObject({ fallbackModel: null });
      expect((await acme.post(`${edited.path}/versions/2/activate`)).body).toMatchObject({ version: 5, fallbackModel: { model: 'tiny' } });
      expect((await edited.versions()).data.map(({ fallbackModel }) => fallbackModel !== null)).toEqual([true, false, true, true, false]);
    });

    it.each([
      ['an unknown provider', { provider: 'magic', model: 'x' }, 'fallbackModel.provider'],
      ['no model', { provider: 'builtin' }, 'fallbackModel.model'],
      ['a text', 'tiny', 'fallbackModel'],
      ['an unknown field', { model: 'x', colour: 'red' }, 'fallbackModel.colour'],
    ])('refuses %s', async (_, fallbackModel, field) => {
      const [status, code, fields] = await faults(acme, 'POST', AGENTS, { name: 'A', fallbackModel });
      expect([status, code, fields[0]]).toEqual([400, 'VALIDATION_FAILED', field]);
    });

    it('refuses a model that the provider does not have', async () => {
      expect(await acme.post(AGENTS, { name: 'A', fallbackModel: { provider: 'builtin', model: 'x' } })).toMatchObject({ status: 400, body: { code: 'MODEL_UNKNOWN', details: { field: 'fallbackModel' } } });
    });
  });

  describe('what there is not yet', () => {
    it.each([['POST', AGENTS], ['PATCH', `${AGENTS}/${UNKNOWN_ID}`]])('is refused with what is missing: %s %s of knowledge_search', async (method, path) => {
      const answer = await acme.call<{ code: string; message: string }>(method, path, { ...(method === 'POST' && { name: 'A' }), tools: ['knowledge_search'] });
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', message: expect.stringContaining('knowledge_search needs collections') } });
    });

    it.each([["type = 'rag'"], [`collections = ARRAY['${UNKNOWN_ID}']::uuid[]`]])('is not run either: an agent with %s', async (change) => {
      const agentId = await createAgent(acme);
      await nooble.database.query(`UPDATE agents SET ${change} WHERE agent_id = $1`, [agentId]);
      expect(await refusal(acme, 'POST', `${AGENTS}/${agentId}/executions`, { message: 'hi' })).toEqual([400, 'AGENT_TYPE_UNSUPPORTED']);
      const { executionId } = await queueRun(nooble, { tenantId: 'acme', agentId });
      expect((await acme.events(executionId)).at(-1)).toMatchObject({ type: 'execution.failed', data: { error: { code: 'AGENT_TYPE_UNSUPPORTED' } } });
    });
  });
});
