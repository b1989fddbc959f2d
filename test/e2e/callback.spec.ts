import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Bull, { type Queue } from 'bull';
import { type CallbackAction, newId } from '../../src/contracts/index.js';
import { contextKeyOf } from '../../src/modules/execution/context/context-key.js';
import { QueueConnections } from '../../src/shared/actions/queue-connections.js';
import { QueueRegistry } from '../../src/shared/actions/queue-registry.service.js';
import { keys } from '../../src/shared/redis/index.js';
import type { ApiClient } from '../support/api-client.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

let nooble: TestApp;
let client: ApiClient;
beforeAll(async () => {
  nooble = await startTestApp();
  client = nooble.client('acme');
});
afterAll(() => nooble.close());

/** Another program, which speaks to the queues of this system and to no API of it. */
class Program {
  private readonly runs: Queue;
  private readonly answers: Queue<CallbackAction<'execution.callback'>>;
  readonly heard: CallbackAction<'execution.callback'>[] = [];

  constructor(readonly callbackQueueName: string) {
    [this.runs, this.answers] = [new Bull('execution.agent_run', redisUrl, { prefix: keys.queues() }), new Bull(callbackQueueName, redisUrl, { prefix: keys.queues() })];
    void this.answers.process((job) => {
      this.heard.push(job.data);
      return Promise.resolve();
    });
  }

  async ask(agentId: string, more: object = {}): Promise<{ taskId: string; correlationId: string; contextCacheKey: string }> {
    const ids = { taskId: newId(), correlationId: newId(), conversationId: newId() };
    const contextCacheKey = contextKeyOf({ tenantId: 'acme', agentId, conversationId: ids.conversationId });
    const { conversationId, ...envelope } = ids;
    const data = { conversationId, sessionId: 's', message: 'Hello', messageType: 'text', userInfo: {} };
    await this.runs.add({ ...envelope, actionId: newId(), actionType: 'execution.agent_run', tenantId: 'acme', tenantTier: 'enterprise', agentId, contextCacheKey, callbackQueueName: this.callbackQueueName, data, metadata: {}, createdAt: new Date().toISOString(), ...more }, { removeOnFail: true });
    return { ...envelope, contextCacheKey };
  }

  async close(): Promise<void> {
    await Promise.all([this.runs.close(), this.answers.close()]);
  }
}

describe('a program that adds a run to the queue and names a queue for the answer', () => {
  let program: Program;
  afterEach(() => program.close());

  const agentOf = async (systemPrompt: string): Promise<string> => (await client.post<{ agentId: string }>('/api/v1/agents', { name: 'a', systemPrompt })).body.agentId;
  const answer = (): Promise<CallbackAction<'execution.callback'>> => waitFor('the callback', () => program.heard[0]);

  it('is told the answer, with its own ids and the same context key', async () => {
    program = new Program('billing.answers');
    const asked = await program.ask(await agentOf(''));
    expect(await answer()).toMatchObject({
      ...asked,
      actionType: 'execution.callback',
      tenantId: 'acme',
      data: { executionId: asked.taskId, status: 'completed', error: null, result: { content: expect.stringContaining('Hello') }, tokensUsed: { totalTokens: expect.any(Number) }, executionTimeMs: expect.any(Number) },
    });
    expect(await answer()).not.toHaveProperty('callbackQueueName');
  });

  it('is told of a failure, too', async () => {
    program = new Program('billing.failures');
    await program.ask(await agentOf('@fail 401'));
    expect((await answer()).data).toMatchObject({ status: 'failed', error: { code: 'PROVIDER_FAILED' } });
  });

  it('cannot have the answer put into a queue of ours', async () => {
    program = new Program('billing.misled');
    const { taskId } = await program.ask(await agentOf(''), { callbackQueueName: 'migration.move' });
    await program.ask(await agentOf(''));
    await answer();
    expect((await client.get(`/api/v1/executions/${taskId}`)).status).toBe(404);
  });
});

it('queues for answers that were not used lately leave nothing behind, however many there were', async () => {
  const [queues, connections] = [nooble.app.get(QueueRegistry, { strict: false }), nooble.app.get(QueueConnections, { strict: false })];
  const before = connections.forUse('client').listenerCount('error');
  for (let index = 0; index < 300; index++) queues.forCallbacks(`answers-${String(index)}`);
  await waitFor('the forgotten ones to let go', () => connections.forUse('client').listenerCount('error') - before <= 100);
});
