import { createHash } from 'node:crypto';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { ConversationErasure, HotConversationStore, MemoryManager } from '../../src/modules/conversations/index.js';
import { ErasureRepository } from '../../src/modules/crm/erasure/erasure.repository.js';
import { UserTracesStore } from '../../src/modules/crm/erasure/user-traces.store.js';
import { LedgerVerification } from '../../src/modules/migration/index.js';
import { ExecutionErasure } from '../../src/modules/execution/index.js';
import { ExecutionPersistence } from '../../src/modules/execution/execution-persistence.service.js';
import { AppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { QueuedJobs } from '../../src/shared/actions/index.js';
import { createAgent } from '../factories/agent.js';
import type { ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF } from '../support/conversations.js';
import { readExport } from '../support/exports.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { runAgent } from '../support/turns.js';
import { waitFor } from '../support/wait-for.js';

interface Erasure {
  readonly erasureId: string;
  readonly status: string;
  readonly userHash: string;
  readonly passes: number;
  readonly counts: Record<string, number>;
  readonly verifiedAt: string | null;
}

let nooble: TestApp;
let all: Conversations;
let agentId: string;

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, ERASURE_SETTLE_SECONDS: '1' });
  all = new Conversations(nooble.client('acme'));
  agentId = await createAgent(all.client, '', { memo: { answers: {} } });
});
afterAll(() => nooble.close());

const begin = async (userId: string, tenantId = 'acme'): Promise<Erasure> => {
  const { status, body } = await nooble.client(tenantId).delete<Erasure>(`/api/v1/crm/users/${userId}`);
  expect(status).toBe(202);
  return body;
};
const completed = async ({ erasureId }: Pick<Erasure, 'erasureId'>, tenantId = 'acme'): Promise<Erasure> =>
  waitFor('the erasure', async () => {
    const { body } = await nooble.client(tenantId).get<Erasure>(`/api/v1/crm/erasures/${erasureId}`);
    return body.status === 'completed' && body;
  }, 25_000);
const erase = async (userId: string, tenantId?: string): Promise<Erasure> => completed(await begin(userId, tenantId), tenantId);
const part = <T>(type: new (...dependencies: never[]) => T): T => nooble.app.get<T>(type, { strict: false });
const turn = async (userId: string, message: string, body: object = {}): Promise<{ readonly executionId: string; readonly conversationId: string }> => {
  const started = await all.client.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { userId, message, ...body });
  expect(started.status).toBe(202);
  await all.client.events(started.body.executionId);
  return started.body;
};

/** Every value in Redis and every row in PostgreSQL, as text. */
async function everything(): Promise<string> {
  const { redis, database } = nooble;
  const reads = { string: (key) => redis.get(key), hash: (key) => redis.hgetall(key), list: (key) => redis.lrange(key, 0, -1), set: (key) => redis.smembers(key), zset: (key) => redis.zrange(key, 0, -1), stream: (key) => redis.xrange(key, '-', '+') } as Record<string, (key: string) => Promise<unknown>>;
  const texts: string[] = [];
  for (const key of await redis.keys('*')) texts.push(`${key} ${JSON.stringify(await reads[await redis.type(key)]?.(key))}`);
  const tables = await database.query<{ name: string }>("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'");
  for (const { name } of tables) for (const { row } of await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)) texts.push(`${name} ${row}`);
  return texts.join('\n');
}
/** Where a word still is. */
const placesOf = async (word: string): Promise<string[]> => (await everything()).split('\n').filter((line) => line.includes(word)).map((line) => line.slice(0, 200));

describe('the erasure of a user', () => {
  it('leaves nothing of what he has said anywhere, in no store, and a receipt that does not name him', async () => {
    const secret = 'xylophone-of-ann';
    const [hot, both, cold] = [await all.begin({ userId: 'ann-secret', sessionId: 'ann-session', metadata: { secret } }), await all.begin({ userId: 'ann-secret' }), await all.begin({ userId: 'ann-secret' })];
    for (const conversationId of [hot, both, cold]) await all.say(conversationId, `${secret} said`);
    await all.move(both);
    await all.rest(cold);
    const { executionId } = await turn('ann-secret', `${secret} ran`, { sessionId: 'ann-session' });
    const keyed = all.client.with({ 'idempotency-key': 'ann-key' });
    await keyed.post('/api/v1/conversations', { agentId: newId(), userId: 'ann-secret', metadata: { secret } });
    const { body: command } = await keyed.with({ 'idempotency-key': 'ann-command' }).post<{ commandId: string }>('/api/v1/commands', { agentId, task: `${secret} task`, userId: 'ann-secret' });
    await waitFor('the command', async () => (await all.client.get<{ status: string }>(`/api/v1/commands/${command.commandId}`)).body.status === 'completed');
    await all.client.post('/api/v1/actions', { actionType: 'conversation.save_message', userId: 'ann-secret', data: { conversationId: newId(), role: 'user', content: `${secret} failed` } });
    await waitFor('the dead letter', async () => (await nooble.redis.xlen('nb:dead-letters')) > 0);
    await nooble.app.get<Queue>(getQueueToken('conversation.save_message'), { strict: false }).add(
      { actionId: newId(), actionType: 'conversation.save_message', tenantId: 'acme', tenantTier: 'free', userId: 'ann-secret', taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), data: { conversationId: newId(), role: 'user', content: `${secret} waits` } },
      { delay: 3_600_000 },
    );
    // Operators and caches have seen it, too.
    for (const conversationId of [hot, both, cold]) expect((await all.client.get(`/api/v1/crm/conversations/${conversationId}`)).status).toBe(200);
    for (const conversationId of [hot, cold]) await all.client.get(`/api/v1/conversations/${conversationId}/context`);
    expect((await placesOf(secret)).length).toBeGreaterThan(8);
    await all.client.post('/api/v1/embeddings', { texts: [secret] });
    const kept = (): Promise<number[]> => Promise.all(['answers', 'embeddings'].map((namespace) => nooble.redis.zcard(keys.memoIndex('acme', namespace))));
    expect(await kept()).toEqual([2, 1]);
    const othersId = await all.begin({ userId: 'someone-else' });
    await all.say(othersId, 'untouched');

    const receipt = await erase('ann-secret');
    expect(await placesOf(secret)).toEqual([]);
    expect(await placesOf('ann-secret')).toEqual([]);
    expect(await kept()).toEqual([0, 0]);
    expect(await placesOf('ann-session')).toEqual([]);
    expect(receipt).toMatchObject({ verifiedAt: expect.any(String), userHash: createHash('sha256').update('acme\nann-secret').digest('hex') });
    expect(receipt.counts).toMatchObject({ conversations: 6, commands: 1, executions: 2, deadLetters: 1, queuedJobs: 1, idempotencyAnswers: 2 });
    expect(receipt.passes).toBeGreaterThanOrEqual(2);
    for (const conversationId of [hot, both, cold]) expect((await all.client.get<ErrorAnswer>(`/api/v1/conversations/${conversationId}`)).body.code).toBe('CONVERSATION_NOT_FOUND');
    expect((await all.client.get<{ result: unknown; userId: unknown }>(`/api/v1/executions/${executionId}`)).body).toMatchObject({ status: 'completed', result: null, userId: null });
    expect((await all.page(othersId)).data).toMatchObject([{ content: 'untouched' }]);
    const exported = readExport(await (await fetch(`${nooble.url}/api/v1/crm/users/ann-secret/export`, { headers: { 'x-tenant-id': 'acme' } })).text());
    expect(exported.records).toEqual([]);
  }, 60_000);

  it('takes what was noted of him where an answer was kept, and what failed in his session without naming his conversation', async () => {
    const conversationId = await all.begin({ userId: 'olga', sessionId: 'of-olga', agentId });
    const left = (): Promise<number[]> => Promise.all(['in a note', 'in of-olga', 'in of-others'].map(async (where) => (await placesOf(`ocelot ${where}`)).length));
    await all.client.with({ 'idempotency-key': newId() }).post(`/api/v1/crm/conversations/${conversationId}/notes`, { text: 'ocelot in a note' });
    for (const sessionId of ['of-olga', 'of-others']) {
      await all.client.post('/api/v1/actions', { actionType: 'conversation.save_message', sessionId, agentId, data: { role: 'user', content: `ocelot in ${sessionId}`, expectedSeq: 99 } });
    }
    await waitFor('the dead letters', async () => (await left()).join() === '2,1,1');
    await erase('olga');
    expect(await left()).toEqual([0, 0, 1]);
  });

  it('ends his runs first, and one that comes late begins nothing again', async () => {
    const slow = await createAgent(all.client, '@tokens 2000\n@delay 20');
    const { body } = await all.client.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${slow}/executions`, { userId: 'bob-running', message: 'zeppelin of bob' });
    const waiting = await all.client.post<{ executionId: string }>(`/api/v1/agents/${slow}/executions`, { userId: 'bob-running', message: 'zeppelin again', conversationId: body.conversationId });
    await waitFor('the run', async () => (await all.client.get<{ status: string }>(`/api/v1/executions/${body.executionId}`)).body.status === 'running');
    const receipt = await erase('bob-running');
    expect(receipt.counts['cancelledRuns']).toBe(2);
    for (const { executionId } of [body, waiting.body]) expect((await all.client.get<{ status: string }>(`/api/v1/executions/${executionId}`)).body.status).toBe('cancelled');
    expect(await placesOf('zeppelin')).toEqual([]);
    expect(await placesOf('bob-running')).toEqual([]);
  }, 60_000);

  it('takes his runs out of conversations of others, and leaves the rest of them as it is', async () => {
    const conversationId = await all.begin({ userId: 'carla' });
    await all.say(conversationId, 'carla speaks');
    await turn('dan-guest', 'dan is a quokka', { conversationId });
    await turn('carla', 'carla goes on', { conversationId });
    await all.move(conversationId);
    await turn('dan-guest', 'dan is a quokka, still hot', { conversationId });
    const before = await all.page(conversationId, 'after=0&limit=50');
    const receipt = await erase('dan-guest');
    expect(receipt.counts).toMatchObject({ redactedMessages: 4, executions: 2 });
    const after = await all.page(conversationId, 'after=0&limit=50');
    expect(after.data.map(({ messageId, seq, role }) => [messageId, seq, role])).toEqual(before.data.map(({ messageId, seq, role }) => [messageId, seq, role]));
    expect(after.data.filter(({ content }) => content === '').map(({ seq }) => seq)).toEqual([2, 3, 6, 7]);
    expect(after.data[0]?.content).toBe('carla speaks');
    // What is hot is moved as it is now.
    await all.rest(conversationId);
    expect((await all.page(conversationId, 'after=0&limit=50')).data).toEqual(after.data);
    expect(await placesOf('quokka')).toEqual([]);
    expect((await part(LedgerVerification).verify('acme', () => undefined)).faults).toEqual([]);
    expect(await placesOf('dan-guest')).toEqual([]);
  }, 60_000);

  it('takes a conversation of nobody that he alone was in, and not one that he shared', async () => {
    const [alone, shared] = [await all.begin({ agentId }), await all.begin({ agentId })];
    await turn('eve-nobody', 'eve alone', { conversationId: alone });
    await turn('eve-nobody', 'eve shares', { conversationId: shared });
    await turn('fred', 'fred shares', { conversationId: shared });
    await erase('eve-nobody');
    expect((await all.client.get(`/api/v1/conversations/${alone}`)).status).toBe(404);
    expect((await all.page(shared, 'after=0')).data.map(({ content }) => content === '')).toEqual([true, true, false, false]);
  }, 60_000);

  it('does not touch what he begins afterwards: it is a new life', async () => {
    const old = await all.begin({ userId: 'gina', sessionId: 'gina-session', agentId });
    await all.say(old, 'before');
    const begun = await begin('gina');
    const { conversationId } = await turn('gina', 'after', { sessionId: 'gina-new' });
    const again = await all.client.post<ErrorAnswer>(`/api/v1/conversations/${old}/messages`, { role: 'user', content: 'into the old one' });
    await completed(begun);
    expect([201, 404]).toContain(again.status);
    expect((await all.client.get(`/api/v1/conversations/${old}`)).status).toBe(404);
    expect((await all.page(conversationId)).total).toBe(2);
    expect((await all.get(conversationId)).userId).toBe('gina');
    expect(await placesOf('into the old one')).toEqual([]);
  }, 60_000);

  it('is one while it goes on, however often it is asked for, and another one afterwards', async () => {
    await all.begin({ userId: 'hugo' });
    const [one, two] = [await begin('hugo'), await begin('hugo')];
    expect(two.erasureId).toBe(one.erasureId);
    await completed(one);
    expect((await begin('hugo')).erasureId).not.toBe(one.erasureId);
  }, 60_000);

  it('is one tenant’s: the same user of another tenant stays, and nobody else sees the receipt', async () => {
    const globex = new Conversations(nooble.client('globex'));
    const theirs = await globex.begin({ userId: 'iris' });
    await globex.say(theirs, 'of globex');
    const receipt = await erase('iris');
    expect(receipt.counts).toEqual({});
    expect((await globex.page(theirs)).data).toMatchObject([{ content: 'of globex' }]);
    expect((await globex.client.get<ErrorAnswer>(`/api/v1/crm/erasures/${receipt.erasureId}`)).body).toMatchObject({ statusCode: 404, code: 'ERASURE_NOT_FOUND' });
    expect((await erase('iris', 'globex')).userHash).not.toBe(receipt.userHash);
  }, 60_000);

  it('is in the audit log under a name that does not say who it was', async () => {
    const { erasureId, userHash } = await begin('jack');
    const { body } = await all.client.get<{ data: { details: object; target: string }[] }>('/api/v1/crm/audit?action=user.erase&limit=1');
    expect(body.data).toMatchObject([{ target: `user:${userHash}`, details: { erasureId } }]);
  });

  it.each<[string, new (...dependencies: never[]) => object, string]>([
    ['what is his was written down', ErasureRepository, 'note'],
    ['the executions were erased', ExecutionErasure, 'erase'],
    ['a conversation was erased', ConversationErasure, 'erase'],
    ['a conversation was hidden', HotConversationStore, 'change'],
    ['a message was emptied', ConversationErasure, 'redact'],
    ['the jobs were removed', QueuedJobs, 'removeWhere'],
    ['the keys were removed', UserTracesStore, 'remove'],
    ['the counts were written', ErasureRepository, 'add'],
    ['the pass was written', ErasureRepository, 'endPass'],
    ['it was completed', ErasureRepository, 'complete'],
  ])('goes on when the process ends after %s', async (_, type, method) => {
    const userId = `kim-${newId()}`;
    const [own, others] = [await all.begin({ userId }), await all.begin({ userId: 'landlord' })];
    await all.say(own, `${userId} was here`);
    await turn(userId, `${userId} visits`, { conversationId: others });
    const service = part(type) as Record<string, (...args: unknown[]) => Promise<unknown>>;
    const whole = service[method]!.bind(service);
    let isBroken = false;
    service[method] = async (...args) => {
      const done = await whole(...args);
      if (isBroken) return done;
      isBroken = true;
      throw new Error('the process is gone');
    };
    const receipt = await erase(userId).finally(() => (service[method] = whole));
    expect(isBroken).toBe(true);
    expect(receipt.verifiedAt).not.toBeNull();
    expect(await placesOf(userId)).toEqual([]);
  }, 60_000);
});

describe('what a process remembers of a conversation', () => {
  it('is forgotten by every process when the conversation is erased', async () => {
    const beside = await startTestApp({ ...NOTHING_BY_ITSELF, NOOBLE_ROLE: 'api' }, { beside: nooble });
    try {
      const conversationId = await all.begin({ userId: 'lena' });
      await all.say(conversationId, 'remember me');
      const remembered = (app: TestApp): number => app.app.get(MemoryManager, { strict: false }).getMemoryStats().activeConversations;
      const memory = beside.app.get(MemoryManager, { strict: false });
      await memory.window({ tenantId: 'acme', conversationId }, 'builtin/chat', 10);
      const before = remembered(beside);
      expect(before).toBeGreaterThan(0);
      await erase('lena');
      await waitFor('the other process to forget', () => remembered(beside) < before);
    } finally {
      await beside.close();
    }
  }, 60_000);
});

describe('the deletion of a conversation', () => {
  it('takes its executions’ answers, events and dead letters with it; that there were some stays', async () => {
    const { executionId, conversationId } = await turn('mia', 'walrus in the run');
    await all.client.post('/api/v1/actions', { actionType: 'conversation.save_message', data: { conversationId, role: 'user', content: 'walrus letter', expectedSeq: 99 } });
    await waitFor('the dead letter', async () => (await placesOf('walrus letter')).length > 0);
    expect((await all.client.delete(`/api/v1/conversations/${conversationId}`)).status).toBe(204);
    await waitFor('the executions to forget', async () => (await placesOf('walrus')).length === 0);
    expect((await all.client.get<{ result: unknown }>(`/api/v1/executions/${executionId}`)).body).toMatchObject({ status: 'completed', result: null });
  });

  it('takes those with it that have ended and that PostgreSQL does not have yet', async () => {
    const persistence = part(ExecutionPersistence);
    const persistNow = persistence.persistNow.bind(persistence);
    persistence.persistNow = () => Promise.reject(new AppError({ kind: 'unavailable', code: 'DATABASE_UNAVAILABLE', message: 'away' }));
    try {
      const { executionId, conversationId } = await turn('nora', 'narwhal in the run');
      await all.client.delete(`/api/v1/conversations/${conversationId}`);
      const forgetting = nooble.app.get<Queue>(getQueueToken('execution.forget_conversations'), { strict: false });
      await waitFor('the job to be done', async () => Object.values(await forgetting.getJobCounts()).every((count) => count === 0));
      await persistNow({ tenantId: 'acme', executionId });
    } finally {
      persistence.persistNow = persistNow;
    }
    expect(await placesOf('narwhal')).toEqual([]);
  });
});

it('an erasure whose job was lost is taken up by the sweep, once it is late', async () => {
  expect((await runAgent(all.client, agentId)).execution.status).toBe('completed');
  const erasureId = newId();
  await nooble.database.query(
    "INSERT INTO erasures (tenant_id, erasure_id, user_hash, user_id, status, requested_by, requested_at, looked_at) VALUES ('acme', $1, 'hash', 'nobody', 'pending', 'test', now(), now() - interval '1 hour')",
    [erasureId],
  );
  await nooble.app.get<Queue>(getQueueToken('crm.sweep_erasures'), { strict: false }).add({ actionId: newId(), actionType: 'crm.sweep_erasures', tenantId: '~system', tenantTier: 'enterprise', taskId: newId(), metadata: {}, createdAt: new Date().toISOString(), data: {} });
  await completed({ erasureId });
}, 40_000);
