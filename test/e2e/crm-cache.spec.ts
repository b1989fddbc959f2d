import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheSettings } from '../../src/shared/config/index.js';
import { createAgent } from '../factories/agent.js';
import type { Answer, ApiClient } from '../support/api-client.js';
import { cachesAreUp, isHeard } from '../support/caches.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

/** Longer than by default, so that a slow machine does not decide the test. */
const ENVIRONMENT = { MIGRATION_INTERVAL_SECONDS: '86400', MIGRATION_CLOSE_GRACE_SECONDS: '3600', CACHE_TTL_CRM_READ_SECONDS: '60' };

interface CrmRecord {
  readonly status: string;
  readonly messages: readonly { readonly seq: number }[];
}

describe('an operator’s view of a conversation', () => {
  let nooble: TestApp;
  let other: TestApp;
  let acme: ApiClient;
  let there: ApiClient;

  beforeAll(async () => {
    nooble = await startTestApp(ENVIRONMENT);
    other = await startTestApp(ENVIRONMENT, { beside: nooble });
    [acme, there] = [nooble.client('acme'), other.client('acme')];
    await cachesAreUp(nooble.url, other.url);
  });
  afterAll(async () => {
    await other.close();
    await nooble.close();
  });

  const seen = ({ headers }: Answer<unknown>): string | null => headers.get('x-cache');
  const path = (conversationId: string): string => `/api/v1/crm/conversations/${conversationId}`;
  const turn = async (sessionId: string, agentId?: string): Promise<{ conversationId: string; agentId: string }> => {
    const agent = agentId ?? (await createAgent(acme));
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agent}/executions`, { message: 'hello', sessionId });
    await acme.events(body.executionId);
    return { conversationId: body.conversationId, agentId: agent };
  };

  it('may be two seconds old, unless the operator asks past the cache', async () => {
    expect(new CacheSettings().crmReadSeconds).toBe(2);
    const { conversationId, agentId } = await turn('view');
    const [first, second, elsewhere] = [await acme.get<CrmRecord>(path(conversationId)), await acme.get<CrmRecord>(path(conversationId)), await there.get<CrmRecord>(path(conversationId))];
    expect([first, second, elsewhere].map(seen)).toEqual(['MISS', 'HIT-L1', 'HIT-L2']);
    expect(second.body).toEqual(first.body);
    await turn('view', agentId);
    expect((await acme.get<CrmRecord>(path(conversationId))).body.messages).toHaveLength(2);
    const past = await acme.with({ 'cache-control': 'no-cache' }).get<CrmRecord>(path(conversationId));
    expect([seen(past), past.body.messages.length]).toEqual(['BYPASS', 4]);
    const same = await acme.with({ 'if-none-match': past.headers.get('etag')!, 'cache-control': 'max-age=0' }).get(path(conversationId));
    expect([same.status, same.body, seen(same)]).toEqual([304, undefined, 'HIT-L1']);
  });

  it('is another one for another part of the messages', async () => {
    const { conversationId } = await turn('part');
    await acme.get(path(conversationId));
    const rest = await acme.get<CrmRecord>(`${path(conversationId)}?after=1&limit=5`);
    expect([seen(rest), rest.body.messages.map(({ seq }) => seq)]).toEqual(['MISS', [2]]);
    expect(seen(await acme.get(`${path(conversationId)}?limit=5&after=1`))).toBe('HIT-L1');
  });

  it('is soon the new one, however often it is asked for', async () => {
    const { conversationId, agentId } = await turn('time');
    const short = await startTestApp({ ...ENVIRONMENT, CACHE_TTL_CRM_READ_SECONDS: '1' }, { beside: nooble });
    try {
      await cachesAreUp(short.url);
      const read = async (): Promise<CrmRecord> => (await short.client('acme').get<CrmRecord>(path(conversationId))).body;
      expect((await read()).messages).toHaveLength(2);
      await turn('time', agentId);
      await waitFor('the second turn', async () => (await read()).messages.length === 4);
    } finally {
      await short.close();
    }
  });

  it.each(['conversation', 'session'])('shows the close of its %s at once, in every process', async (what) => {
    const { conversationId } = await turn(`close-${what}`);
    for (const client of [acme, there]) expect((await client.get<CrmRecord>(path(conversationId))).body.status).toBe('active');
    const url = what === 'session' ? `/api/v1/sessions/close-${what}/close` : `/api/v1/conversations/${conversationId}/close`;
    expect((await acme.post(url)).status).toBe(200);
    await isHeard(nooble, other);
    for (const client of [acme, there]) {
      const answer = await client.get<CrmRecord>(path(conversationId));
      expect([answer.body.status, seen(answer)]).toEqual(['completed', client === acme ? 'MISS' : 'HIT-L2']);
    }
  });

  it('is not shown to another tenant, cached or not', async () => {
    const { conversationId } = await turn('foreign');
    await acme.get(path(conversationId));
    expect(await nooble.client('globex').get(path(conversationId))).toMatchObject({ status: 404, body: { code: 'CONVERSATION_NOT_FOUND' } });
    expect(await nooble.client('globex').post(`/api/v1/conversations/${conversationId}/close`)).toMatchObject({ status: 404 });
    expect(seen(await acme.get(path(conversationId)))).toBe('HIT-L1');
  });
});
