import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { MAX_WAITING_RUNS } from '../../src/modules/execution/runs/run.store.js';
import { keys } from '../../src/shared/redis/index.js';
import { createAgent } from '../factories/agent.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { numbers } from '../support/hot-store.js';
import { type EndedRun, endedRun, faultsOfRuns, messagesOf, type SaidMessage } from '../support/run-history.js';
import { TalkingServer } from '../support/talking-server.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const CROWD = 200;
const CROWD_MS = 90_000;

type Refused = ErrorAnswer & { readonly executionId: undefined; readonly conversationId: undefined };
interface Accepted {
  readonly executionId: string;
  readonly conversationId: string;
}
type Answered = Refused | Accepted;

describe(`${String(CROWD)} turns at once in one conversation`, () => {
  let model: TalkingServer;
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    model = await TalkingServer.start({ words: 3, everyMs: 5 });
    nooble = await startTestApp({ OPENAI_BASE_URL: model.url });
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '', { provider: 'openai-compatible', model: 'tiny' });
  });
  afterAll(async () => {
    await nooble.close();
    await model.close();
  });

  /** All of them at once; unless it is named, in a session that has no conversation yet. */
  const crowd = async (policies: readonly string[], { agent = agentId, sessionId = newId() } = {}): Promise<{ refused: Refused[]; runs: EndedRun[]; messages: SaidMessage[] }> => {
    model.most = 0;
    const answers = await Promise.all(numbers(1, CROWD).map((i) => acme.post<Answered>(`/api/v1/agents/${agent}/executions`, { message: `number ${String(i)}`, sessionId, onConflict: policies[i % policies.length] })));
    const accepted = answers.flatMap(({ body }) => (body.executionId === undefined ? [] : [body]));
    const refused = answers.flatMap(({ body }) => (body.executionId === undefined ? [body] : []));
    expect(new Set(accepted.map(({ conversationId }) => conversationId)).size).toBe(1);
    const { conversationId } = accepted[0]!;
    const runs = await Promise.all(accepted.map(({ executionId }) => endedRun(acme, executionId)));
    await expectAtRest(conversationId);
    return { refused, runs, messages: await messagesOf(acme, conversationId) };
  };
  /** The conversation is free, and PostgreSQL has every run. */
  const expectAtRest = async (conversationId: string): Promise<void> => {
    await waitFor('every run to be in PostgreSQL', async () => (await nooble.redis.zcard(keys.runs('acme'))) === 0, CROWD_MS);
    expect(await nooble.redis.exists(keys.lease('acme', conversationId), keys.waitingRuns('acme', conversationId))).toBe(0);
  };
  const codes = (refused: readonly Refused[]): string[] => [...new Set(refused.map(({ statusCode, code }) => `${String(statusCode)} ${code}`))].sort();
  const takenBack = (runs: readonly EndedRun[]): Set<string> => new Set(runs.filter(({ events }) => events.at(-1)?.data['isRollback'] === true).map(({ execution: { executionId } }) => executionId));
  const statuses = (runs: readonly EndedRun[]): string[] => [...new Set(runs.map(({ execution: { status } }) => status))].sort();

  it('reject: the one that has it runs, all others are 409', async () => {
    const { refused, runs, messages } = await crowd(['reject']);
    expect(faultsOfRuns(runs, messages)).toEqual([]);
    expect([refused.length + runs.length, codes(refused), statuses(runs), model.most]).toEqual([CROWD, ['409 CONVERSATION_BUSY'], ['completed'], 1]);
    expect(messages.length).toBe(2 * runs.length);
  }, CROWD_MS);

  it('enqueue: they run one after the other; those for whom there is no room are 429', async () => {
    const { refused, runs, messages } = await crowd(['enqueue']);
    expect(faultsOfRuns(runs, messages)).toEqual([]);
    expect([codes(refused), statuses(runs), model.most]).toEqual([['429 CONVERSATION_QUEUE_FULL'], ['completed'], 1]);
    expect(runs.length).toBeGreaterThan(MAX_WAITING_RUNS);
    expect(messages.length).toBe(2 * runs.length);
  }, CROWD_MS);

  it.each([[['interrupt']], [['interrupt', 'enqueue', 'reject']], [['rollback', 'interrupt', 'enqueue', 'reject']]])('%j: each that was accepted ends once, and never do two run', async (policies) => {
    const { refused, runs, messages } = await crowd(policies);
    expect(faultsOfRuns(runs, messages)).toEqual([]);
    expect(refused.length + runs.length).toBe(CROWD);
    expect(statuses(runs)).toEqual(['cancelled', 'completed']);
    expect(Math.max(...runs.map(({ execution: { attempt } }) => attempt))).toBe(1);
    expect(messages.filter(({ messageId }) => takenBack(runs).has(messageId.split('.')[0]!))).toEqual([]);
  }, CROWD_MS);

  it('rollback, while one speaks: each that was accepted ends once, and nothing stays of those that made way', async () => {
    const [agent, sessionId] = [await createAgent(acme), newId()];
    const { body: speaking } = await acme.post<Accepted>(`/api/v1/agents/${agent}/executions`, { message: '@tokens 5000\n@delay 20', sessionId });
    await waitFor('it to have said something', async () => (await nooble.redis.hget(keys.execution('acme', speaking.executionId), 'firstTokenAt')) !== null);
    const { refused, runs, messages } = await crowd(['rollback'], { agent, sessionId });
    const all = [await endedRun(acme, speaking.executionId), ...runs];
    expect(faultsOfRuns(all, messages)).toEqual([]);
    expect([refused.length + runs.length, statuses(runs), all[0]?.execution.status]).toEqual([CROWD, ['cancelled', 'completed'], 'cancelled']);
    const stays = all.filter(({ execution: { status } }) => status === 'completed').flatMap(({ execution: { executionId } }) => [`${executionId}.assistant`, `${executionId}.user`]);
    expect(takenBack(all).size).toBe(all.length - stays.length / 2);
    expect(messages.map(({ messageId }) => messageId).sort()).toEqual(stays.sort());
    const { body } = await acme.get<{ data: SaidMessage[] }>(`/api/v1/conversations/${speaking.conversationId}/messages?after=0&includeWithdrawn=true`);
    expect(body.data[0]?.messageId).toBe(`${speaking.executionId}.user`);
  }, CROWD_MS);
});
