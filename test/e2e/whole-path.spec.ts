import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import type { ApiClient } from '../support/api-client.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import type { Frame, TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

interface CrmRecord {
  readonly status: string;
  readonly storage: string;
  readonly messageCount: number;
  readonly messages: readonly { seq: number; messageId: string; role: string; content: string }[];
  readonly executions: readonly { executionId: string; status: string }[];
  readonly ledger: readonly { fromSeq: number; toSeq: number; messageCount: number; checksum: string; outcome: string }[];
}

/** SHA-256 over seq, id, role and content, written here a second time on purpose: the test must not trust the code it checks. */
function checksumOf(messages: CrmRecord['messages']): string {
  const lines = messages.map(({ seq, messageId, role, content }) => `${JSON.stringify([seq, messageId, role, content])}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

function eventsOf(socket: TestSocket): Frame[] {
  return socket.frames.filter(({ executionId }) => executionId !== undefined);
}

async function finished(socket: TestSocket): Promise<Frame> {
  return socket.next('execution.completed');
}

describe('the whole path: socket, run, cut, resume, close, move, CRM', () => {
  let nooble: TestApp;
  let acme: ApiClient;
  let agentId: string;

  beforeAll(async () => {
    nooble = await startTestApp();
    acme = nooble.client('acme');
    agentId = await createAgent(acme, '@delay 10');
  });
  afterAll(async () => {
    await nooble.close();
  });

  it('loses, doubles and reorders nothing, and ends verified in PostgreSQL', async () => {
    const first = await acme.socket('path');
    first.send('execution.start', { agentId, message: 'one' });
    const { conversationId = '' } = await finished(first);
    const denseFromOne = eventsOf(first).map((_, i) => i + 1);
    expect(eventsOf(first).map(({ seq }) => seq)).toEqual(denseFromOne);

    const cut = await acme.socket('path');
    cut.send('execution.start', { agentId, message: 'two, which is cut in the middle of its answer and then taken up again' });
    const { executionId } = await cut.next('message.delta');
    cut.cut();
    const before = eventsOf(cut);
    const resumed = await acme.socket('path');
    resumed.send('subscribe', { executionId, after: before.at(-1)?.seq });
    await finished(resumed);
    const seen = [...before, ...eventsOf(resumed)];
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, i) => i + 1));
    expect(before.some(({ type }) => type === 'message.completed')).toBe(false);
    const answer = seen.find(({ type }) => type === 'message.completed')?.data['content'];
    expect(seen.filter(({ type }) => type === 'message.delta').map(({ data }) => data['text']).join('')).toBe(answer);

    const third = await acme.socket('path');
    third.send('execution.start', { agentId, message: 'three' });
    expect((await finished(third)).conversationId).toBe(conversationId);

    expect((await acme.post('/api/v1/sessions/path/close')).body).toMatchObject({ conversationIds: [conversationId] });
    const record = await waitFor('the verified move', async () => {
      const { body } = await acme.get<CrmRecord>(`/api/v1/crm/conversations/${conversationId}`);
      return body.status === 'transferred' && body;
    });
    expect(record.messages.map(({ seq, role }) => [seq, role])).toEqual([1, 2, 3, 4, 5, 6].map((seq) => [seq, seq % 2 === 1 ? 'user' : 'assistant']));
    expect(record).toMatchObject({ messageCount: 6, executions: [{ status: 'completed' }, { status: 'completed' }, { status: 'completed' }] });
    expect(record.ledger).toEqual([expect.objectContaining({ fromSeq: 1, toSeq: 6, messageCount: 6, outcome: 'verified', checksum: checksumOf(record.messages) })]);
    const rows = await nooble.database.query<{ seq: number }>('SELECT seq FROM messages WHERE conversation_id = $1 ORDER BY seq', [conversationId]);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const socket of [first, resumed, third]) socket.cut();
  });

  it('closes a conversation that was archived before, also in PostgreSQL', async () => {
    const { body } = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', sessionId: 'early' });
    await acme.events(body.executionId);
    const row = async (): Promise<{ status: string; archived_seq: number; closed_at: Date | null } | undefined> =>
      (await nooble.database.query<{ status: string; archived_seq: number; closed_at: Date | null }>('SELECT status, archived_seq, closed_at FROM conversations WHERE conversation_id = $1', [body.conversationId]))[0];
    await nooble.redis.zadd('nb:{acme}:due', 0, body.conversationId);
    await waitFor('the move of an active conversation', async () => (await row())?.archived_seq === 2);
    expect(await row()).toMatchObject({ status: 'active', closed_at: null });
    expect(await acme.post(`/api/v1/conversations/${body.conversationId}/close`)).toMatchObject({ status: 200, body: { status: 'completed' } });
    const closed = await waitFor('the close in PostgreSQL', async () => {
      const found = await row();
      return found?.status === 'transferred' && found;
    });
    expect(closed.closed_at).not.toBeNull();
    const { body: record } = await acme.get<CrmRecord>(`/api/v1/crm/conversations/${body.conversationId}`);
    expect(record.ledger.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([[1, 2]]);
  });

  it('begins a new conversation in a session that was closed, and goes on in an old one that is named', async () => {
    const start = async (body: object): Promise<{ executionId: string; conversationId: string }> => {
      const answer = await acme.post<{ executionId: string; conversationId: string }>(`/api/v1/agents/${agentId}/executions`, { message: 'hello', ...body });
      await acme.events(answer.body.executionId);
      return answer.body;
    };
    const { conversationId } = await start({ sessionId: 'again' });
    await acme.post('/api/v1/sessions/again/close');
    const second = await start({ sessionId: 'again' });
    expect(second.conversationId).not.toBe(conversationId);
    const third = await start({ conversationId });
    expect(third.conversationId).toBe(conversationId);
    const { body } = await acme.get<CrmRecord>(`/api/v1/crm/conversations/${conversationId}`);
    expect(body.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(body.status).toBe('active');
    // Transferred, if the sweep was there already.
    expect(['completed', 'transferred']).toContain((await acme.get<CrmRecord>(`/api/v1/crm/conversations/${second.conversationId}`)).body.status);
    expect((await acme.post<{ conversationIds: string[] }>('/api/v1/sessions/again/close')).body.conversationIds).toEqual([conversationId]);
    expect((await start({ conversationId })).conversationId).toBe(conversationId);
    expect((await acme.post<{ conversationIds: string[] }>('/api/v1/sessions/again/close')).body.conversationIds).toEqual([conversationId]);
  });
});
