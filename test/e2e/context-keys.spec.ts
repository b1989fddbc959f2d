import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { contextKeyOf } from '../../src/modules/execution/context/context-key.js';
import { ExecutionContexts } from '../../src/modules/execution/context/execution-contexts.service.js';
import { createAgent } from '../factories/agent.js';
import { queueRun } from '../support/agent-runs.js';
import type { ApiClient, SeenEvent } from '../support/api-client.js';
import { cachesAreUp, keysIn } from '../support/caches.js';
import { UNKNOWN_ID } from '../support/edited-agent.js';
import { ServerProcess } from '../support/server-process.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400' };
const PROMPT = 'The secret of Globex.';

describe('the context key of a queued run', () => {
  let nooble: TestApp;
  let worker: ServerProcess;
  let acme: ApiClient;
  let agentId: string;
  let foreign: { agentId: string; conversationId: string };

  beforeAll(async () => {
    nooble = await startTestApp({ ...ENVIRONMENT, NOOBLE_ROLE: 'api' });
    worker = await ServerProcess.start({ ...ENVIRONMENT, NOOBLE_ROLE: 'worker', DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl });
    await cachesAreUp(nooble.url, await worker.url());
    acme = nooble.client('acme');
    agentId = await createAgent(acme);
    const globex = nooble.client('globex');
    const globexAgent = await createAgent(globex, PROMPT, { name: 'Globex guide' });
    const { body } = await globex.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${globexAgent}/executions`, { message: 'hello' });
    await globex.events(body.executionId);
    foreign = { agentId: globexAgent, conversationId: body.conversationId };
  });
  afterAll(async () => {
    await worker.end('SIGTERM');
    await nooble.close();
  });

  const encoded = (value: unknown): string => `ctx1.${Buffer.from(JSON.stringify(value)).toString('base64url')}`;
  const eventsOf = async (contextCacheKey: string | undefined, conversationId = newId()): Promise<SeenEvent[]> => {
    const { executionId } = await queueRun(nooble, { tenantId: 'acme', agentId, conversationId, ...(contextCacheKey !== undefined && { contextCacheKey }) });
    return acme.events(executionId);
  };
  const warnings = (): number => worker.output.split('\n').filter((line) => line.includes('"level":40') && line.includes('context key')).length;

  it('leads to its context also where that could not be made when the run was accepted', async () => {
    jest.spyOn(nooble.app.get(ExecutionContexts, { strict: false }), 'ensure').mockRejectedValueOnce(new Error('database'));
    const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello' });
    expect((await acme.events(body.executionId)).at(-1)).toMatchObject({ type: 'execution.completed' });
  });

  it.each([
    ['another tenant’s', () => contextKeyOf({ tenantId: 'globex', ...foreign })],
    ['another tenant’s, for our own agent and conversation', () => contextKeyOf({ tenantId: 'globex', agentId, conversationId: newId() })],
    ['garbage', () => 'garbage'],
    ['empty', () => ''],
    ['of another format', () => contextKeyOf({ tenantId: 'acme', agentId, conversationId: newId() }).replace('ctx1', 'ctx2')],
    ['no JSON', () => `ctx1.${Buffer.from('["acme"').toString('base64url')}`],
    ['of two parts', () => encoded(['acme', agentId])],
    ['of objects', () => encoded([{ tenantId: 'acme' }, agentId, newId()])],
    ['with blanks for ids', () => encoded(['acme', '', ''])],
    ['our own, of another agent', () => contextKeyOf({ tenantId: 'acme', agentId: UNKNOWN_ID, conversationId: newId() })],
    ['our own, of another conversation', () => contextKeyOf({ tenantId: 'acme', agentId, conversationId: newId() })],
    ['the Redis key of another tenant’s context', () => `nb:{globex}:cache:e:execution_context:(${foreign.agentId}:${foreign.conversationId})`],
  ])('%s: the run is refused, nothing is leaked, and the log says so', async (_, keyOf) => {
    const before = warnings();
    const events = await eventsOf(keyOf());
    expect(events.at(-1)).toMatchObject({ type: 'execution.failed', data: { error: { code: 'CONTEXT_DENIED' } } });
    expect(events.map(({ type }) => type)).not.toContain('context.resolved');
    expect(JSON.stringify(events)).not.toMatch(/secret|Globex|globex/i);
    await waitFor(`the warning in ${worker.output}`, () => warnings() > before);
    expect(worker.output).not.toContain(PROMPT);
  });

  it('a refused run leaves no message and no context behind', async () => {
    const conversationId = newId();
    await eventsOf(contextKeyOf({ tenantId: 'globex', ...foreign }), conversationId);
    expect(await keysIn(nooble.redis, `*${conversationId}*`)).toEqual([]);
    expect((await keysIn(nooble.redis, 'nb:{acme}:cache:*')).filter((key) => key.includes(foreign.agentId))).toEqual([]);
  });

  it('may be missing: the run finds its context by what the action says', async () => {
    const conversationId = newId();
    const events = await eventsOf(undefined, conversationId);
    expect(events.at(-1)?.type).toBe('execution.completed');
    expect(await keysIn(nooble.redis, `nb:{acme}:cache:e:execution_context:*${conversationId}*`)).toHaveLength(1);
  });

  it('may be of a context that nobody has made yet', async () => {
    const conversationId = newId();
    const events = await eventsOf(contextKeyOf({ tenantId: 'acme', agentId, conversationId }), conversationId);
    expect(events.at(-1)?.type).toBe('execution.completed');
    expect(events.find(({ type }) => type === 'context.resolved')?.data).toMatchObject({ source: 'database', agentVersion: 1 });
  });

  it('of an agent that is gone ends the run as any other call of it would', async () => {
    const { executionId } = await queueRun(nooble, { tenantId: 'acme', agentId: UNKNOWN_ID });
    expect((await acme.events(executionId)).at(-1)).toMatchObject({ type: 'execution.failed', data: { error: { code: 'AGENT_NOT_FOUND' } } });
  });
});
