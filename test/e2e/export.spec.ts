import { createHash } from 'node:crypto';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { HistoryReader } from '../../src/modules/conversations/index.js';
import { createAgent } from '../factories/agent.js';
import type { ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF } from '../support/conversations.js';
import { readCsv, readExport, type ReadExport } from '../support/exports.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { runAgent } from '../support/turns.js';
import { waitFor } from '../support/wait-for.js';

let nooble: TestApp;
let all: Conversations;

beforeAll(async () => {
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, MIGRATION_HOT_TAIL_MESSAGES: '20' });
  all = new Conversations(nooble.client('acme'));
});
afterAll(() => nooble.close());

const textOf = async (path: string, tenantId = 'acme'): Promise<string> => (await fetch(`${nooble.url}/api/v1/crm/${path}`, { headers: { 'x-tenant-id': tenantId } })).text();
const exported = async (path: string, tenantId?: string): Promise<ReadExport> => readExport(await textOf(path, tenantId));
const seqsOf = ({ records }: ReadExport): unknown[] => records.filter(({ type }) => type === 'message').map(({ seq }) => seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const talk = async (conversationId: string, count: number, content = 'hello'): Promise<void> => {
  for (let i = 0; i < count; i++) await all.say(conversationId, content);
};
const running = async (): Promise<number> => Number(/^nooble_exports_running (\d+)$/m.exec(await (await fetch(`${nooble.url}/metrics`)).text())?.[1]);

describe('the export of a conversation', () => {
  it('has all messages of both stores in order, wherever they are, and a receipt that proves it', async () => {
    const conversationId = await all.begin({ userId: 'ann', metadata: { channel: 'web' } });
    for (const place of [async () => undefined, () => all.move(conversationId), () => talk(conversationId, 5), () => all.rest(conversationId)]) {
      if ((await all.get(conversationId)).messageCount === 0) await talk(conversationId, 130);
      await place();
      const { messageCount } = await all.get(conversationId);
      const read = await exported(`conversations/${conversationId}/export`);
      expect(read.isWhole).toBe(true);
      expect(read.head).toMatchObject({ type: 'export', version: 1, tenantId: 'acme', conversationId });
      expect(read.records[0]).toMatchObject({ type: 'conversation', conversationId, userId: 'ann', metadata: { channel: 'web' }, messageCount });
      expect(seqsOf(read)).toEqual(upTo(messageCount));
    }
  });

  it('has no gap and no double when the conversation is moved in the middle of it', async () => {
    const conversationId = await all.begin();
    await talk(conversationId, 260);
    const history = nooble.app.get(HistoryReader, { strict: false });
    const following = history.following.bind(history);
    const moves = [() => all.rest(conversationId), () => all.say(conversationId, 'back again')];
    history.following = async (...args) => {
      const page = await following(...args);
      await moves.shift()?.();
      return page;
    };
    try {
      const read = await exported(`conversations/${conversationId}/export`);
      expect([read.isWhole, moves.length, (await all.get(conversationId)).storage]).toEqual([true, 0, 'both']);
      expect(seqsOf(read)).toEqual(upTo(261));
    } finally {
      history.following = following;
    }
  });

  it('says so when the conversation is deleted in the middle of it', async () => {
    const conversationId = await all.begin();
    await talk(conversationId, 110);
    const history = nooble.app.get(HistoryReader, { strict: false });
    const following = history.following.bind(history);
    history.following = async (...args) => {
      const page = await following(...args);
      await all.client.delete(`/api/v1/conversations/${conversationId}`);
      return page;
    };
    const read = await exported(`conversations/${conversationId}/export`).finally(() => (history.following = following));
    expect(read.isWhole).toBe(true);
    expect(read.records.at(-1)).toEqual({ type: 'gone', conversationId });
  });

  it('of one that is not there, or another tenant’s, is 404; of a format that is none, 400', async () => {
    const conversationId = await all.begin();
    for (const [id, tenantId] of [[newId(), 'acme'], [conversationId, 'globex']] as const) {
      expect((await nooble.client(tenantId).get<ErrorAnswer>(`/api/v1/crm/conversations/${id}/export`)).body).toMatchObject({ statusCode: 404, code: 'CONVERSATION_NOT_FOUND' });
    }
    expect(await all.client.get<ErrorAnswer>(`/api/v1/crm/conversations/${conversationId}/export?format=xml`)).toMatchObject({ status: 400, body: { details: { fields: [{ field: 'format' }] } } });
  });

  it('as CSV is a table that no spreadsheet computes, with the same receipt', async () => {
    const conversationId = await all.begin({ metadata: { note: '=1' } });
    const contents = ['=HYPERLINK("http://evil","x")', 'a, "b"\r\nc', '@SUM(A1)', 'plain'];
    for (const content of contents) await all.say(conversationId, content);
    const text = await textOf(`conversations/${conversationId}/export?format=csv`);
    const rows = readCsv(text);
    const [head = [], ...lines] = rows;
    expect(rows.every(({ length }) => length === head.length)).toBe(true);
    expect(lines.flat().filter((cell) => /^[=+\-@]/.test(cell))).toEqual([]);
    const messages = lines.filter(([type]) => type === 'message');
    expect(messages.map((line) => line[head.indexOf('content')]?.replace(/^'/, ''))).toEqual(contents);
    const receipt = JSON.parse(lines.at(-1)?.at(-1) ?? '') as { sha256: string; counts: object };
    expect(receipt.counts).toEqual({ conversation: 1, message: 4 });
    expect(receipt.sha256).toBe(createHash('sha256').update(text.slice(0, text.lastIndexOf('\r\n', text.length - 3) + 2)).digest('hex'));
  });
});

describe('the export of a user', () => {
  it('has all of his conversations, with runs and their results, his commands, and nothing of others', async () => {
    const agentId = await createAgent(all.client, '');
    const [hot, cold, others] = [await all.begin({ userId: 'bea' }), await all.begin({ userId: 'bea' }), await all.begin({ userId: 'carl' })];
    for (const conversationId of [hot, cold, others]) await talk(conversationId, 2, `of ${conversationId}`);
    await all.rest(cold);
    await runAgent(all.client, agentId, { userId: 'bea', message: 'a turn of bea' });
    await runAgent(all.client, agentId, { userId: 'bea', conversationId: others, message: 'bea is a guest' });
    const nobodys = await all.begin({ agentId });
    await runAgent(all.client, agentId, { userId: 'bea', conversationId: nobodys, message: 'bea alone' });
    const { body: command } = await all.client.post<{ commandId: string }>('/api/v1/commands', { agentId, task: 'a task of bea', userId: 'bea' });
    await waitFor('the command', async () => (await all.client.get<{ status: string }>(`/api/v1/commands/${command.commandId}`)).body.status === 'completed');
    const read = await exported('users/bea/export');
    expect(read.isWhole).toBe(true);
    const of = (type: string): Record<string, unknown>[] => read.records.filter((record) => record['type'] === type);
    expect(of('conversation').map(({ conversationId }) => conversationId)).toEqual(expect.arrayContaining([hot, cold, nobodys]));
    expect(of('conversation').map(({ conversationId }) => conversationId)).not.toContain(others);
    const contents = of('message').map(({ content }) => String(content));
    expect(contents).toEqual(expect.arrayContaining([`of ${hot}`, `of ${cold}`, 'a turn of bea', 'bea is a guest', 'bea alone']));
    expect(contents).not.toContain(`of ${others}`);
    expect(of('execution')).toHaveLength(4);
    expect(of('execution').every(({ result }) => (result as { content: string }).content.includes('You said'))).toBe(true);
    expect(of('command')).toMatchObject([{ commandId: command.commandId, task: 'a task of bea', status: 'completed' }]);
  });

  it('whom nobody knows, or only another tenant does, is empty, and whole', async () => {
    for (const [userId, tenantId] of [['nobody', 'acme'], ['bea', 'globex']] as const) {
      const read = await exported(`users/${userId}/export`, tenantId);
      expect([read.isWhole, read.records]).toEqual([true, []]);
    }
  });
});

describe('the export of a tenant', () => {
  it('has the conversations that began in a stretch of time, hot or not', async () => {
    const tenant = new Conversations(nooble.client('initech'));
    const before = await tenant.begin();
    const from = new Date().toISOString();
    const [hot, cold] = [await tenant.begin(), await tenant.begin()];
    await tenant.say(cold, 'hello');
    await tenant.rest(cold);
    const idsOf = ({ records }: ReadExport): unknown[] => records.filter(({ type }) => type === 'conversation').map(({ conversationId }) => conversationId).sort();
    expect(idsOf(await exported(`export?from=${from}`, 'initech'))).toEqual([hot, cold].sort());
    expect(idsOf(await exported(`export?to=${from}`, 'initech'))).toEqual([before]);
    expect(idsOf(await exported('export', 'initech'))).toEqual([before, hot, cold].sort());
  });
});

describe('a client of an export', () => {
  /** In all more than both ends of a connection may keep for each other: 36 MiB on some machines. */
  const LONG = 'x'.repeat(40_000);
  let conversationId: string;
  let pages = 0;
  let restore: () => void;

  beforeAll(async () => {
    conversationId = await all.begin();
    for (let said = 0; said < 1_500; said += 50) await Promise.all(upTo(50).map((i) => all.say(conversationId, `${String(said + i)} ${LONG}`)));
    const history = nooble.app.get(HistoryReader, { strict: false });
    const following = history.following.bind(history);
    history.following = (...args) => {
      pages++;
      return following(...args);
    };
    restore = () => (history.following = following);
  });
  afterAll(() => {
    restore();
  });

  const open = async (): Promise<IncomingMessage> => {
    pages = 0;
    const request = httpGet(`${nooble.url}/api/v1/crm/conversations/${conversationId}/export`, { headers: { 'x-tenant-id': 'acme' } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };
  /** The server has stopped asking for more. */
  const idle = async (): Promise<void> => {
    await waitFor('the server to wait', async () => {
      const before = pages;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return before > 0 && pages === before;
    });
  };

  it('that does not read is waited for, and gets everything when it does', async () => {
    const response = await open();
    await idle();
    expect(pages).toBeLessThan(15);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const read = readExport(Buffer.concat(parts).toString());
    expect([read.isWhole, seqsOf(read).length]).toEqual([true, 1_500]);
  });

  it('that hangs up ends it', async () => {
    const response = await open();
    await idle();
    expect(await running()).toBe(1);
    response.destroy();
    await waitFor('its end', async () => (await running()) === 0);
    expect(pages).toBeLessThan(15);
  });
});
