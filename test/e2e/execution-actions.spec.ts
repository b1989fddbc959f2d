import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

interface Told {
  readonly status: number;
  readonly body: ErrorAnswer & { readonly data: Record<string, unknown> };
}

describe('the actions of runs and agents', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '@delay 20', { background: 'who it is', tools: ['datetime'], temperature: 0 });
  });
  afterAll(async () => {
    await nooble.close();
  });

  const ask = async (actionType: string, fields: Record<string, unknown> = {}, client = acme): Promise<Told> => client.post('/api/v1/actions?wait=true', { actionType, data: {}, ...fields });
  const begun = async (): Promise<{ executionId: string; conversationId: string }> => {
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: '@tokens 4000' });
    await waitFor('the first token', async () => (await nooble.redis.hget(`nb:{acme}:exec:${body.executionId}`, 'firstTokenAt')) !== null);
    return body;
  };

  it('execution.cancel stops a run, named in its data or by its taskId', async () => {
    const [first, second] = [await begun(), await begun()];
    expect(await ask('execution.cancel', { data: { executionId: first.executionId, reason: 'enough' } })).toMatchObject({ status: 200, body: { data: { executionId: first.executionId, status: 'cancelled', content: expect.stringMatching(/^word1/) } } });
    expect(await ask('execution.cancel', { taskId: second.executionId })).toMatchObject({ status: 200, body: { data: { executionId: second.executionId, status: 'cancelled' } } });
    expect((await ask('execution.cancel', { taskId: second.executionId }, nooble.client('other'))).body.code).toBe('EXECUTION_NOT_FOUND');
  });

  it('execution.cancel works when another program puts it into the queue', async () => {
    const { executionId } = await begun();
    const queue = new Bull('execution.cancel', redisUrl, { prefix: keys.queues() });
    const envelope = { actionId: newId(), actionType: 'execution.cancel', taskId: newId(), tenantId: 'acme', tenantTier: 'free', metadata: {}, createdAt: new Date().toISOString() };
    await queue.add({ ...envelope, data: { executionId } });
    await queue.close();
    expect((await acme.events(executionId)).at(-1)?.type).toBe('execution.cancelled');
  });

  it('management.get_agent_config says what a service needs of an agent, and what the tier allows', async () => {
    expect(await ask('management.get_agent_config', { agentId })).toMatchObject({
      status: 200,
      body: { data: { agentId, version: 1, background: 'who it is', modelName: 'builtin/chat', temperature: 0, tools: [{ toolName: 'datetime' }], collections: [], tierConfig: { tier: 'enterprise', maxIterations: 20, runTimeoutMs: 300_000 } } },
    });
    expect((await ask('management.get_agent_config', { data: { agentId } }, nooble.client('other'))).body.code).toBe('AGENT_NOT_FOUND');
    expect((await ask('management.get_agent_config')).body).toMatchObject({ code: 'VALIDATION_FAILED', message: expect.stringContaining('management.get_agent_config') });
  });

  it('execution.cache.invalidate forgets an agent, and says how much there was', async () => {
    await acme.get(`/api/v1/agents/${agentId}`);
    await ask('management.get_agent_config', { agentId });
    expect((await ask('execution.cache.invalidate', { agentId })).body.data['agentConfig']).toBeGreaterThan(0);
    expect((await ask('execution.cache.invalidate', { agentId: newId() })).body.code).toBe('AGENT_NOT_FOUND');
  });

  it.each([['management.get_agent_config', { modelName: 'builtin/chat' }], ['execution.cache.invalidate', { agentConfig: expect.any(Number) }]])('%s works when another program puts it into the queue', async (actionType, data) => {
    const answers = new Bull<{ data: unknown }>(`program.${actionType}`, redisUrl, { prefix: keys.queues() });
    const heard = new Promise<unknown>((resolve) => void answers.process((job) => Promise.resolve(resolve(job.data.data))));
    const queue = new Bull(actionType, redisUrl, { prefix: keys.queues() });
    await queue.add({ actionId: newId(), actionType, taskId: newId(), tenantId: 'acme', tenantTier: 'free', agentId, metadata: {}, createdAt: new Date().toISOString(), callbackQueueName: `program.${actionType}`, data: {} });
    expect(await heard).toMatchObject({ answered: actionType, success: true, data });
    await Promise.all([queue.close(), answers.close()]);
  });

  it('execution.agent_run of another program waits for its turn, or is refused if it wants that', async () => {
    const first = await begun();
    const heard: Record<string, unknown>[] = [];
    const answers = new Bull<{ data: Record<string, unknown> }>('program.runs', redisUrl, { prefix: keys.queues() });
    void answers.process((job) => Promise.resolve(void heard.push(job.data.data)));
    const queue = new Bull('execution.agent_run', redisUrl, { prefix: keys.queues() });
    const add = async (onConflict?: string): Promise<string> => {
      const taskId = newId();
      const data = { conversationId: first.conversationId, sessionId: 'program', message: 'hello', messageType: 'text', userInfo: {}, ...(onConflict !== undefined && { onConflict }) };
      await queue.add({ actionId: newId(), actionType: 'execution.agent_run', taskId, agentId, tenantId: 'acme', tenantTier: 'enterprise', metadata: {}, createdAt: new Date().toISOString(), callbackQueueName: 'program.runs', data });
      return taskId;
    };
    const refused = await add('reject');
    await waitFor('the refusal', () => heard.find(({ executionId }) => executionId === refused));
    expect(heard[0]).toMatchObject({ status: 'failed', error: { code: 'CONVERSATION_BUSY' } });
    const waiting = await add();
    await waitFor('its place', async () => (await nooble.redis.lrange(keys.waitingRuns('acme', first.conversationId), 0, -1)).includes(waiting));
    await acme.post(`/api/v1/executions/${first.executionId}/cancel`);
    await waitFor('the answer', () => heard.find(({ executionId }) => executionId === waiting));
    expect(heard.at(-1)).toMatchObject({ status: 'completed' });
    await Promise.all([queue.close(), answers.close()]);
  });
});
