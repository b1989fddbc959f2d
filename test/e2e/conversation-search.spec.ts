import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type Page, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const PATH = '/api/v1/crm/conversations';
/** More than few: `search_conversations` looks through the newest conversations for a word that so many messages have. */
const MANY = 12_000;

/** A UUID, always the same for a tenant and a number. */
const ID = (of: string): string => `overlay(overlay(md5($1 || ${of}) placing '4' from 13) placing '8' from 17)::uuid`;

/** One message each, a second apart, the newest last: every one `often`, every third `alternately`, every 4 000th `seldom`. */
const FILL = `
  WITH begun AS (
    INSERT INTO conversations (tenant_id, conversation_id, agent_id, session_id, user_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at)
    SELECT $1, ${ID('i')}, md5('agent' || i % 2)::uuid, 's', 'u' || i % 500, CASE WHEN i % 10 = 0 THEN 'archived' ELSE 'transferred' END, 'm', 1, 1, 1, 1, '{}', $3::timestamptz + i * interval '1 second', $3
    FROM generate_series(1, $2::integer) AS i)
  INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, created_at)
  SELECT $1, ${ID('i')}, 1, 'm1', 'user', concat('Often said', CASE WHEN i % 3 = 0 THEN ', ALTERNATELY' END, CASE WHEN i % 4000 = 7 THEN ' seldom' END), 1, $3 FROM generate_series(1, $2::integer) AS i`;

const BEGUN = new Date('2026-01-01T00:00:00Z');

let nooble: TestApp;
let big: ApiClient;
let small: ApiClient;

const idOf = async (tenantId: string, i: number): Promise<string> => (await nooble.database.query<{ id: string }>(`SELECT ${ID('$2')} AS id`, [tenantId, String(i)]))[0]!.id;

beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
  [big, small] = [nooble.client('big'), nooble.client('small')];
  // The constraint of messages is looked at within the statement: what the same statement adds to conversations is there.
  for (const [tenantId, count] of [['big', MANY], ['small', 300]] as const) await nooble.database.query(FILL, [tenantId, count, BEGUN]);
  await nooble.database.query('VACUUM ANALYZE conversations');
  await nooble.database.query('VACUUM ANALYZE messages');
});
afterAll(() => nooble.close());

const search = async (query: string, client = big): Promise<Page<SeenConversation>> => {
  const { status, body } = await client.get<Page<SeenConversation>>(`${PATH}?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
/** The number that a conversation was made with. */
const numberOf = ({ createdAt }: SeenConversation): number => (Date.parse(createdAt) - BEGUN.getTime()) / 1_000;
const numbers = ({ data }: Page<SeenConversation>): number[] => data.map(numberOf);
const downFrom = (first: number, step: number, count: number): number[] => Array.from({ length: count }, (_, i) => first - i * step);

describe('a search for words', () => {
  it('that nearly every message has is answered, newest first, page by page, without a total', async () => {
    const first = await search('q=often&limit=60');
    expect([numbers(first), first.total]).toEqual([downFrom(MANY, 1, 60), null]);
    const second = await search(`q=often&limit=60&cursor=${first.nextCursor!}`);
    expect([numbers(second), second.total]).toEqual([downFrom(MANY - 60, 1, 60), null]);
  });

  it('that few messages have is answered with the total', async () => {
    expect(numbers(await search('q=seldom'))).toEqual([8_007, 4_007, 7]);
    expect(await search('q=seldom&limit=1')).toMatchObject({ total: 3, nextCursor: expect.any(String) });
    expect((await search('q=neverheard')).total).toBe(0);
  });

  it('that many have, with every one of them or without one, keeps to the words', async () => {
    expect(numbers(await search('q=often%20alternately&limit=20'))).toEqual(downFrom(MANY, 3, 20));
    expect(numbers(await search('q=often%20-alternately&limit=3'))).toEqual([MANY - 1, MANY - 2, MANY - 4]);
    expect(numbers(await search('q=%22often%20said%22&limit=3'))).toEqual(downFrom(MANY, 1, 3));
    expect(numbers(await search('q=%22said%20often%22&limit=3'))).toEqual([]);
    expect(numbers(await search('q=OFTEN%20or%20seldom&limit=3'))).toEqual(downFrom(MANY, 1, 3));
  });

  it('that many have, with filters, keeps to these, too, and counts where few conversations are left', async () => {
    expect(numbers(await search('q=often&status=archived&limit=5'))).toEqual(downFrom(MANY, 10, 5));
    const ofUser = await search('q=alternately&userId=u1&limit=200');
    const wanted = downFrom(MANY, 1, MANY).filter((i) => i % 500 === 1 && i % 3 === 0);
    expect([numbers(ofUser), ofUser.total]).toEqual([wanted, wanted.length]);
    const inTime = await search(`q=often&from=${new Date(BEGUN.getTime() + 50_000).toISOString()}&to=${new Date(BEGUN.getTime() + 60_000).toISOString()}`);
    expect([numbers(inTime), inTime.total]).toEqual([downFrom(59, 1, 10), 10]);
    await big.call('PUT', `${PATH}/${await idOf('big', 5)}/labels/vip`);
    await big.call('PUT', `${PATH}/${await idOf('big', 6)}/assign`, { assignee: 'ann' });
    expect(numbers(await search('q=often&label=vip'))).toEqual([5]);
    expect(numbers(await search('q=often&assignee=ann'))).toEqual([6]);
  });

  it('that come only after thousands of conversations without them finds them all the same', async () => {
    // Of 8 007, 4 007 and 7 one is a multiple of three.
    expect(numbers(await search('q=alternately%20seldom&limit=3'))).toEqual([8_007]);
    const cursorFar = (await search('q=seldom&limit=1')).nextCursor!;
    expect(numbers(await search(`q=often&limit=2&cursor=${cursorFar}`))).toEqual([8_006, 8_005]);
  });

  it('of a small tenant beside a big one is its own, with the total', async () => {
    const found = await search('q=often&limit=200', small);
    expect([found.data.length, found.total]).toEqual([200, 300]);
    expect(await search('q=often', nooble.client('nobody'))).toEqual({ data: [], nextCursor: null, total: 0 });
  });

  it('has what is in Redis as it is there, and once', async () => {
    const own = new Conversations(small);
    const id = await own.begin();
    await own.say(id, 'Often said');
    await small.post(`${PATH}/${await idOf('small', 300)}/reheat`);
    const { data, total } = await search('q=often&limit=3', small);
    expect([data.map(({ storage }) => storage), data[0]?.conversationId, total]).toEqual([['hot', 'both', 'cold'], id, 301]);
  });

  it('is not asked of the function by anyone but the server', async () => {
    const rows = await nooble.database.query<{ role: string; may: boolean }>("SELECT rolname AS role, has_function_privilege(rolname, 'search_conversations(text, jsonb, integer)', 'EXECUTE') AS may FROM pg_roles WHERE rolname IN ('nooble_app', 'pg_monitor') ORDER BY 1");
    expect(rows).toEqual([{ role: 'nooble_app', may: true }, { role: 'pg_monitor', may: false }]);
  });
});
