import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { TieredCache } from '../../src/shared/cache/index.js';
import type { Answer, ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF } from '../support/conversations.js';
import { freePort } from '../support/free-port.js';
import { OwnRedis } from '../support/own-redis.js';
import { templateUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const PATH = '/api/v1/conversations';

describe('conversations', () => {
  let nooble: TestApp;
  let redis: OwnRedis;
  let postgres: TcpProxy;
  let acme: ApiClient;
  let all: Conversations;

  beforeAll(async () => {
    redis = await OwnRedis.start(await freePort());
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    nooble = await startTestApp({ ...NOTHING_BY_ITSELF, REDIS_URL: redis.url, REDIS_COMMAND_TIMEOUT_MS: '500', MIGRATION_HOT_TAIL_MESSAGES: '3' }, { databasePort: postgres.port });
    acme = nooble.client('acme');
    all = new Conversations(acme);
  });
  afterAll(async () => {
    await nooble.close();
    await postgres.close();
    await redis.remove();
  });

  const isReady = (): Promise<unknown> => waitFor('readiness', async () => (await acme.get('/health/ready')).status === 200);

  /** A conversation of six messages. */
  async function talked(sessionId = newId()): Promise<string> {
    const conversationId = await all.begin({ sessionId, model: 'gpt-4' });
    for (let i = 1; i <= 6; i += 1) await all.say(conversationId, `said ${String(i)}`, { role: i % 2 === 1 ? 'user' : 'assistant', messageId: `m${String(i)}` });
    return conversationId;
  }

  /** Every way to read one, and what it answers. */
  const reads = async (conversationId: string): Promise<Answer<ErrorAnswer>[]> =>
    Promise.all(['', '/messages?limit=4', '/messages?after=2', '/messages?role=assistant', '/context', '/context?model=llama3-8b-8192&maxTokens=5'].map((rest) => acme.get<ErrorAnswer>(`${PATH}/${conversationId}${rest}`)));
  const essence = (answers: readonly Answer<unknown>[]): unknown[] => answers.map(({ status, body }) => [status, body]);

  /** 503 with the way on. */
  const expectAway = (answers: readonly Answer<ErrorAnswer>[], code: string): void => {
    for (const { status, body, headers } of answers) {
      expect([status, body.code, body.details?.retryAfterMs]).toEqual([503, code, 2_000]);
      expect(headers.get('retry-after')).toBe('2');
    }
  };

  const OUTAGES: Readonly<Record<string, { begin(): Promise<void> | void; end(): Promise<void> | void }>> = {
    stopped: { begin: () => redis.kill(), end: () => redis.begin() },
    silent: { begin: () => { redis.pause(); }, end: () => { redis.resume(); } },
  };

  describe.each(Object.keys(OUTAGES))('while Redis is %s', (how) => {
    const { begin, end } = OUTAGES[how]!;
    const ids: Record<string, string> = {};
    const before: Record<string, unknown[]> = {};

    beforeAll(async () => {
      for (const name of ['cold', 'hot', 'both', 'closed', 'reopened']) ids[name] = await talked(`${name}-${how}`);
      for (const name of ['cold', 'reopened']) await all.rest(ids[name]!);
      await all.move(ids['both']!);
      await all.close(ids['closed']!);
      await all.say(ids['reopened']!, 'again');
      for (const [name, id] of Object.entries(ids)) before[name] = essence(await reads(id));
      await begin();
    });
    afterAll(async () => {
      await end();
      await isReady();
    });

    it('a conversation at rest is read as ever, by whatever way', async () => {
      expect(essence(await reads(ids['cold']!))).toEqual(before['cold']);
      expect((await acme.get(`/api/v1/crm/conversations/${ids['cold']!}`)).body).toMatchObject({ storage: 'cold', messages: [1, 2, 3, 4, 5, 6].map((seq) => ({ seq, content: `said ${String(seq)}` })) });
    });

    it.each(['hot', 'both', 'closed', 'reopened'])('one that is %s is out of reach, and not shown in part or as it was before', async (name) => {
      expectAway(await reads(ids[name]!), 'HOT_STORE_UNAVAILABLE');
      expectAway([await acme.get<ErrorAnswer>(`/api/v1/crm/conversations/${ids[name]!}`)], 'HOT_STORE_UNAVAILABLE');
    });

    it('whatever needs Redis says so: lists, statistics, histories, and every change', async () => {
      const [cold, hot] = [`${PATH}/${ids['cold']!}`, `${PATH}/${ids['hot']!}`];
      const message = { role: 'user', content: 'not now' };
      expectAway(await Promise.all([
        ...[PATH, `${PATH}?storage=cold`, `${PATH}?q=said`, '/api/v1/crm/stats', `/api/v1/sessions/hot-${how}/history`].map((path) => acme.get<ErrorAnswer>(path)),
        ...[cold, hot].flatMap((path) => [acme.post<ErrorAnswer>(`${path}/messages`, message), acme.patch<ErrorAnswer>(path, { summary: 'x' }), acme.delete<ErrorAnswer>(path)]),
        acme.post<ErrorAnswer>(PATH, { agentId: newId() }),
        acme.post<ErrorAnswer>(`${hot}/close`),
        acme.post<ErrorAnswer>(`/api/v1/sessions/hot-${how}/close`),
      ]), 'HOT_STORE_UNAVAILABLE');
    });

    it('nothing is lost: all is as it was when Redis is back', async () => {
      await end();
      await isReady();
      for (const [name, id] of Object.entries(ids)) expect(essence(await reads(id))).toEqual(before[name]);
      for (const id of Object.values(ids)) await all.rest(id);
      expect((await all.page(ids['reopened']!)).total).toBe(7);
      await begin();
    });
  });

  describe('while PostgreSQL is away', () => {
    const ids: Record<string, string> = {};
    let before: unknown[];

    beforeAll(async () => {
      for (const name of ['hot', 'trimmed', 'cold']) ids[name] = await talked(`${name}-sql`);
      await all.move(ids['trimmed']!);
      await all.rest(ids['cold']!);
      before = essence(await reads(ids['hot']!));
      postgres.refuse();
    });
    afterAll(() => {
      postgres.pass();
    });

    it('a hot conversation goes on: it is read, its context is built, it takes messages and changes (85)', async () => {
      const conversationId = ids['hot']!;
      expect(essence(await reads(conversationId))).toEqual(before);
      expect(await all.say(conversationId, 'meanwhile', { messageId: 'meanwhile' })).toMatchObject({ seq: 7 });
      expect(await all.say(conversationId, 'meanwhile', { messageId: 'meanwhile' })).toMatchObject({ seq: 7 });
      const saved = await acme.post('/api/v1/actions?wait=true', { actionType: 'conversation.save_message', sessionId: 'hot-sql', agentId: (await all.get(conversationId)).agentId, data: { role: 'user', content: 'by action' } });
      expect(saved).toMatchObject({ status: 200, body: { data: { conversationId, seq: 8 } } });
      expect((await acme.get(`${PATH}/${conversationId}/context`)).body).toMatchObject({ messages: expect.arrayContaining([expect.objectContaining({ content: 'by action' })]) });
      expect((await acme.get(`/api/v1/sessions/hot-sql/history`)).body).toMatchObject({ conversationId, total: 8 });
      expect(await acme.patch(`${PATH}/${conversationId}`, { summary: 'without PostgreSQL' })).toMatchObject({ status: 200, body: { summary: 'without PostgreSQL', messageCount: 8 } });
      const begun = await all.begin({ sessionId: 'begun-without' });
      await all.close(begun);
      expect(await all.get(begun)).toMatchObject({ status: 'completed' });
      ids['begun'] = begun;
    });

    it('a process whose caches have lost the tenant goes on with the limits that it knew last', async () => {
      await nooble.app.get(TieredCache).delete({ tenantId: 'acme', type: 'tenant', id: 'tenant' });
      expect(await all.say(ids['hot']!, 'without limits')).toMatchObject({ seq: 9 });
      expectAway([await nooble.client('never-seen').post<ErrorAnswer>(PATH, { agentId: newId() })], 'DATABASE_UNAVAILABLE');
    });

    it('of a long one the newest messages are read, and what PostgreSQL alone has is 503', async () => {
      const path = `${PATH}/${ids['trimmed']!}/messages`;
      expect((await all.page(ids['trimmed']!, 'limit=2')).data.map(({ seq }) => seq)).toEqual([6, 5]);
      expect((await all.page(ids['trimmed']!, 'after=4')).data.map(({ seq }) => seq)).toEqual([5, 6]);
      expect((await all.say(ids['trimmed']!, 'more')).seq).toBe(7);
      expectAway(await Promise.all([`${path}?limit=10`, `${path}?before=3`, `${path}?after=0`, `${path}?role=tool`].map((url) => acme.get<ErrorAnswer>(url))), 'DATABASE_UNAVAILABLE');
    });

    it('one at rest, the lists and the statistics are out of reach', async () => {
      const path = `${PATH}/${ids['cold']!}`;
      expectAway(await reads(ids['cold']!), 'DATABASE_UNAVAILABLE');
      expectAway(await Promise.all([
        acme.post<ErrorAnswer>(`${path}/messages`, { role: 'user', content: 'not now' }),
        acme.patch<ErrorAnswer>(path, { summary: 'x' }),
        acme.delete<ErrorAnswer>(path),
        ...[PATH, '/api/v1/crm/stats', `/api/v1/sessions/cold-sql/history`].map((url) => acme.get<ErrorAnswer>(url)),
      ]), 'DATABASE_UNAVAILABLE');
    });

    it('nothing is lost: everything moves when PostgreSQL is back (bugs 6 and 7)', async () => {
      postgres.pass();
      await isReady();
      for (const id of Object.values(ids)) await all.rest(id);
      expect(await all.get(ids['hot']!)).toMatchObject({ summary: 'without PostgreSQL', messageCount: 9, status: 'transferred' });
      expect((await all.page(ids['hot']!, 'after=6')).data).toMatchObject([{ content: 'meanwhile' }, { content: 'by action' }, { content: 'without limits' }]);
      expect([(await all.page(ids['trimmed']!)).total, (await all.page(ids['cold']!)).total]).toEqual([7, 6]);
    });
  });

  it('a DELETE that PostgreSQL interrupts is finished by the next one, and the conversation is not there meanwhile', async () => {
    const conversationId = await talked();
    await all.move(conversationId);
    postgres.refuse();
    expectAway([await acme.delete<ErrorAnswer>(`${PATH}/${conversationId}`)], 'DATABASE_UNAVAILABLE');
    expect((await acme.get(`${PATH}/${conversationId}`)).status).toBe(404);
    postgres.pass();
    await isReady();
    await all.move(conversationId);
    expect(await nooble.redis.exists(`nb:{acme}:conv:${conversationId}:messages`)).toBe(0);
    expect(await nooble.database.query('SELECT 1 FROM messages WHERE conversation_id = $1', [conversationId])).toEqual([]);
  });
});
