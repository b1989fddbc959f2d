import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConversationStatistics } from '../../src/modules/conversations/index.js';
import { NOTHING_BY_ITSELF, type Page } from '../support/conversations.js';
import { SeededRandom } from '../support/seeded-random.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));
const TENANTS = ['one', 'two'] as const;
const STATUSES = ['active', 'completed', 'transferred', 'archived', 'deleted'] as const;

let nooble: TestApp;
beforeAll(async () => {
  process.stdout.write(`conversation totals: seed ${String(SEED)}\n`);
  nooble = await startTestApp({ ...NOTHING_BY_ITSELF, CACHE_TTL_CRM_STATISTICS_SECONDS: '1' });
});
afterAll(() => nooble.close());

const INSERT = `
  INSERT INTO conversations (tenant_id, conversation_id, agent_id, session_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at, customer_satisfaction)
  SELECT $1, gen_random_uuid(), md5('agent' || i % 3)::uuid, 's', ($2::text[])[1 + i % 5], 'm', i % 7, i % 11, 1, 1, '{}', timestamptz '2026-03-01T00:00:00Z' + i * interval '37 minutes', now(), NULLIF(i % 6, 0)
  FROM generate_series($3::integer, $3::integer + 40) AS i`;

/** What a statement can do to rows. */
const CHANGES: readonly string[] = [
  "UPDATE conversations SET status = 'archived' WHERE tenant_id = $1 AND status = 'transferred' AND message_count = $2",
  'UPDATE conversations SET message_count = message_count + 2, token_count = token_count + 5 WHERE tenant_id = $1 AND token_count = $2',
  'UPDATE conversations SET customer_satisfaction = NULLIF($2 % 6, 0) WHERE tenant_id = $1 AND message_count = $2',
  "UPDATE conversations SET status = 'deleted', message_count = 0, token_count = 0, customer_satisfaction = NULL WHERE tenant_id = $1 AND message_count = $2 AND token_count = 3",
  'UPDATE conversations SET archived_seq = archived_seq + 1 WHERE tenant_id = $1 AND message_count = $2',
  'DELETE FROM conversations WHERE tenant_id = $1 AND message_count = $2 AND token_count = 4',
];

describe('the totals of conversations', () => {
  it('are what the rows say, after any changes, however often they are folded', async () => {
    const random = new SeededRandom(SEED);
    const counts = nooble.app.get(ConversationStatistics, { strict: false });
    for (const round of Array.from({ length: 30 }).keys()) {
      for (const tenantId of TENANTS) {
        if (round % 5 === 0) await nooble.database.query(INSERT, [tenantId, STATUSES, random.int(500)]);
        await nooble.database.query(random.pick(CHANGES), [tenantId, random.int(7)]);
      }
      if (random.int(3) === 0) await Promise.all([1, 2].map(() => counts.tidy(new AbortController().signal)));
      await compare(random.pick(TENANTS), random);
    }
    await counts.tidy(new AbortController().signal);
    expect(await nooble.database.query('SELECT FROM conversation_total_changes')).toEqual([]);
    for (const tenantId of TENANTS) await compare(tenantId, random);
  });
});

/** Over REST, in a span and without one, against a count of the rows. */
async function compare(tenantId: string, random: SeededRandom): Promise<void> {
  const client = nooble.client(tenantId);
  const at = (minutes: number): string => new Date(Date.parse('2026-03-01T00:00:00Z') + minutes * 60_000).toISOString();
  const start = random.int(20_000);
  const span = { from: at(start), to: at(start + 1 + random.int(5_000)) };
  const agentId = (await nooble.database.query<{ id: string }>("SELECT md5('agent1')::uuid AS id"))[0]!.id;
  const status = random.pick(STATUSES.slice(0, 4));
  for (const [query, sql, values] of [
    ['', 'true', []],
    [`from=${span.from}&to=${span.to}`, 'created_at >= $2 AND created_at < $3', [span.from, span.to]],
    [`to=${span.to}&agentId=${agentId}`, 'created_at < $2 AND agent_id = $3', [span.to, agentId]],
    [`from=${span.from}&status=${status}`, 'created_at >= $2 AND status = $3', [span.from, status]],
  ] as const) {
    const [row] = await nooble.database.query<{ count: number }>(`SELECT count(*)::integer AS count FROM conversations WHERE tenant_id = $1 AND status <> 'deleted' AND ${sql}`, [tenantId, ...values]);
    expect([tenantId, query, (await client.get<Page<never>>(`/api/v1/crm/conversations?limit=1&${query}`)).body.total]).toEqual([tenantId, query, row!.count]);
  }
  const [sums] = await nooble.database.query<Record<string, number>>(`
    SELECT count(*)::integer AS conversations, coalesce(sum(message_count), 0)::integer AS messages, coalesce(sum(token_count), 0)::integer AS tokens, count(customer_satisfaction)::integer AS ratings,
      coalesce(avg(customer_satisfaction), 0)::float8 AS "averageSatisfaction",
      coalesce(avg((customer_satisfaction >= 4)::integer) FILTER (WHERE customer_satisfaction IS NOT NULL AND status <> 'active'), 0)::float8 AS "resolutionRate"
    FROM conversations WHERE tenant_id = $1 AND status <> 'deleted' AND created_at >= $2 AND created_at < $3`, [tenantId, span.from, span.to]);
  const { body } = await client.with({ 'cache-control': 'no-cache' }).get<Record<string, number>>(`/api/v1/crm/stats?from=${span.from}&to=${span.to}`);
  const { averageSatisfaction, resolutionRate, ...exact } = sums!;
  expect(body).toMatchObject(exact);
  expect(body['averageSatisfaction']).toBeCloseTo(averageSatisfaction!);
  expect(body['resolutionRate']).toBeCloseTo(resolutionRate!);
}
