import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Conversations } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

let nooble: TestApp;

beforeAll(async () => {
  nooble = await startTestApp({ RETENTION_ENABLED: 'true', RETENTION_INTERVAL_SECONDS: '1', MIGRATION_RELEASE_SECONDS: '0' });
});
afterAll(async () => {
  await nooble.close();
});

it('the sweep archives what has been silent for too long, and erases it after as long again', async () => {
  const acme = nooble.client('acme', 'free');
  const all = new Conversations(acme);
  const [old, young] = [await all.begin(), await all.begin()];
  for (const conversationId of [old, young]) {
    await all.say(conversationId, 'hi');
    await all.rest(conversationId);
  }
  const back = (columns: string[], days: number): Promise<unknown> =>
    nooble.database.query(`UPDATE conversations SET ${columns.map((column) => `${column} = ${column} - ${String(days)} * interval '1 day'`).join(', ')} WHERE conversation_id = $1`, [old]);
  await back(['created_at', 'last_message_at'], 8);
  await waitFor('the archiving', async () => (await all.get(old)).status === 'archived');
  expect(await acme.post(`/api/v1/conversations/${old}/messages`, { role: 'user', content: 'more' })).toMatchObject({ status: 409, body: { code: 'CONVERSATION_ARCHIVED' } });
  await waitFor('the release', async () => (await all.get(old)).storage === 'cold');
  await back(['created_at', 'last_message_at', 'archived_at'], 8);
  await waitFor('the erasure', async () => (await acme.get(`/api/v1/conversations/${old}`)).status === 404);
  expect(await nooble.database.query('SELECT 1 FROM messages WHERE conversation_id = $1', [old])).toEqual([]);
  expect(await all.get(young)).toMatchObject({ status: 'transferred', messageCount: 1 });
  expect(await (await fetch(`${nooble.url}/metrics`)).text()).toMatch(/nooble_retention_conversations_total\{outcome="erased"\} 1\n/);
});
