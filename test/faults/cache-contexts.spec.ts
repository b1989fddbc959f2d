import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { contextKeyOf } from '../../src/modules/execution/context/context-key.js';
import { ExecutionContexts } from '../../src/modules/execution/context/execution-contexts.service.js';
import { createAgent } from '../factories/agent.js';
import { queueRun } from '../support/agent-runs.js';
import type { ApiClient, SeenEvent } from '../support/api-client.js';
import { cachesAreUp, keysIn, metricOf } from '../support/caches.js';
import { AGENTS } from '../support/edited-agent.js';
import { templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

describe('execution contexts whose agent part ends soon', () => {
  let postgres: TcpProxy;
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;
  let conversationId: string;

  beforeAll(async () => {
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    nooble = await startTestApp({ MIGRATION_INTERVAL_SECONDS: '86400', CACHE_TTL_CONTEXT_AGENT_SECONDS: '1' }, { databasePort: postgres.port });
    acme = nooble.client('acme');
    await cachesAreUp(nooble.url);
  });
  beforeEach(async () => {
    postgres.pass();
    agentId = await waitFor('the database', () => createAgent(acme));
    conversationId = (await turn()).conversationId;
  });
  afterAll(async () => {
    await nooble.close();
    await postgres.close();
  });

  const contexts = (): ExecutionContexts => nooble.app.get(ExecutionContexts, { strict: false });
  const turn = async (body: object = {}): Promise<{ conversationId: string; events: SeenEvent[] }> => {
    const { status, body: started } = await acme.post<{ executionId: string; conversationId: string }>(`${AGENTS}/${agentId}/executions`, { message: 'hello', ...body });
    expect(status).toBe(202);
    return { conversationId: started.conversationId, events: await acme.events(started.executionId) };
  };
  const ids = (): { tenantId: string; agentId: string; conversationId: string } => ({ tenantId: 'acme', agentId, conversationId });
  const isOver = async (): Promise<void> => {
    const { context } = await contexts().ensure(ids(), 'enterprise');
    await waitFor('the end of the agent part', () => Date.now() > context.expiresAt);
  };

  it('end with the first of their parts', async () => {
    const { context } = await contexts().ensure({ ...ids(), conversationId: newId() }, 'enterprise');
    expect(context.expiresAt - context.createdAt).toBeLessThanOrEqual(1_000);
  });

  it('have the agent as it is now after that, while the context itself lives on', async () => {
    const [key = ''] = await keysIn(nooble.redis, `nb:{acme}:cache:e:execution_context:*${conversationId}*`);
    // Behind the back of the application, so that nothing is invalidated.
    await nooble.database.query('UPDATE agents SET version = 7 WHERE agent_id = $1', [agentId]);
    await waitFor('the new version', async () => (await turn({ conversationId })).events.find(({ type }) => type === 'context.resolved')?.data['agentVersion'] === 7);
    expect(await nooble.redis.pttl(key)).toBeGreaterThan(1_000_000);
  });

  it('are enough for a warm conversation while the database is away, too old as they are', async () => {
    postgres.refuse();
    expect((await turn({ conversationId })).events.at(-1)?.type).toBe('execution.completed');
    await isOver();
    for (let i = 0; i < 2; i++) expect((await turn({ conversationId })).events.at(-1)?.type).toBe('execution.completed');
    expect((await acme.get(`${AGENTS}/${newId()}`)).status).toBe(503);
  });

  it('that nobody has made are partial while the database is away: the run waits, and is done when it is back', async () => {
    const cold = await createAgent(acme);
    const partial = (): Promise<number> => metricOf(nooble.url, 'nooble_context_resolutions_total{kind="partial"}');
    const before = await partial();
    postgres.refuse();
    const conversation = newId();
    const { executionId } = await queueRun(nooble, { tenantId: 'acme', agentId: cold, conversationId: conversation, contextCacheKey: contextKeyOf({ tenantId: 'acme', agentId: cold, conversationId: conversation }) });
    await waitFor('a try that failed', async () => (await nooble.redis.zcard('{nb:queues}:execution.agent_run:delayed')) === 1);
    expect(await partial()).toBeGreaterThan(before);
    expect(await keysIn(nooble.redis, `nb:{acme}:cache:e:*${conversation}*`)).toEqual([]);
    expect(await contexts().resolve(contextKeyOf({ tenantId: 'acme', agentId: cold, conversationId: conversation }), { tenantId: 'acme' }, 'enterprise')).toMatchObject({
      kind: 'partial',
      context: { tenantId: 'acme', agentId: cold, conversationId: conversation, tenantTier: 'enterprise' },
      reason: { code: 'DATABASE_UNAVAILABLE' },
    });
    postgres.pass();
    const events = await acme.events(executionId);
    expect(events.at(-1)?.type).toBe('execution.completed');
    expect(events.filter(({ type }) => type === 'execution.failed')).toEqual([]);
  });
});
