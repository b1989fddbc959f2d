import pg from 'pg';

/** What every conversation of the bench is of. */
export const AGENTS = 20;
export const USERS = 50_000;
export const ASSIGNEES = 20;
const SENTENCES = 20_000;
const WORDS = 20_000;
const WORDS_OF_A_SENTENCE = 14;
/** So many loaders at once: as many as this machine has cores for. */
const LOADERS = 2;
const TABLES = ['conversations', 'messages', 'executions', 'conversation_labels', 'conversation_assignments'];

/** An id, always the same for a number: a UUID as the API reads it. */
const idOf = (sql) => `overlay(overlay(md5(${sql}) placing '4' from 13) placing '8' from 17)::uuid`;
/** One every 31.5 seconds, the newest an hour old: a year of a million conversations. */
const BEGUN = "date_trunc('second', now() - interval '1 hour') - ($2::bigint - i) * interval '31500 milliseconds'";

/** Sentences whose words are as unequally frequent as those of a language: the n-th word is 1/n as frequent as the first one (Zipf). */
const FILL_SENTENCES = `
  CREATE UNLOGGED TABLE bench_sentences AS
  SELECT s, string_agg('w' || floor(power(${WORDS}, random()))::integer, ' ') AS content FROM generate_series(0, ${SENTENCES - 1}) AS s, generate_series(1, ${WORDS_OF_A_SENTENCE}) GROUP BY s`;

const FILL_CONVERSATIONS = `
  INSERT INTO conversations (tenant_id, conversation_id, agent_id, session_id, user_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at, closed_at, customer_satisfaction)
  SELECT $1, ${idOf("'c' || i")}, ${idOf(`'a' || i % ${AGENTS}`)}, 's' || i / 3, 'u' || i % ${USERS}, CASE WHEN i % 10 = 0 THEN 'archived' ELSE 'transferred' END, 'builtin/chat',
    $3, 15 * $3, $3, $3 + 1, '{}', ${BEGUN}, ${BEGUN} + interval '10 minutes', ${BEGUN} + interval '20 minutes', CASE WHEN i % 4 = 0 THEN 1 + i / 4 % 5 END
  FROM generate_series($4::bigint, $5::bigint) AS i`;

const FILL_MESSAGES = `
  INSERT INTO messages (tenant_id, conversation_id, seq, message_id, role, content, tokens, created_at)
  SELECT $1, ${idOf("'c' || i")}, n.s, 'm' || n.s, CASE WHEN n.s % 2 = 1 THEN 'user' ELSE 'assistant' END,
    b.content || CASE WHEN (i * $3 + n.s) % ($2 * $3 / 20 + 1) = 3 THEN ' quetzal' ELSE '' END, 15, ${BEGUN} + n.s * interval '1 minute'
  FROM generate_series($4::bigint, $5::bigint) AS i CROSS JOIN generate_series(1, $3::integer) AS n (s) JOIN bench_sentences b ON b.s = (i * 7919 + n.s * 104729) % ${SENTENCES}`;

const FILL_EXECUTIONS = `
  INSERT INTO executions (tenant_id, execution_id, agent_id, agent_version, conversation_id, session_id, status, attempt, usage, last_event_seq, queued_at, started_at, ended_at)
  SELECT $1, ${idOf("'e' || i")}, ${idOf(`'a' || i % ${AGENTS}`)}, 1, ${idOf("'c' || i")}, 's' || i / 3, CASE WHEN i % 50 = 0 THEN 'failed' ELSE 'completed' END, 1,
    '{"inputTokens": 400, "outputTokens": 100, "totalTokens": 500}', 10, ${BEGUN}, ${BEGUN}, ${BEGUN} + (200 + i * 7919 % 5000) * interval '1 millisecond'
  FROM generate_series($4::bigint, $5::bigint) AS i WHERE $3::integer > 0`;

const FILL_LABELS = `
  INSERT INTO conversation_labels (tenant_id, conversation_id, label, begun_at, author)
  SELECT $1, ${idOf("'c' || i")}, label, ${BEGUN}, 'bench' FROM generate_series($4::bigint, $5::bigint) AS i, unnest(ARRAY['frequent', 'rare']) AS label
  WHERE $3::integer > 0 AND i % CASE label WHEN 'rare' THEN 10000 ELSE 10 END = 0`;

const FILL_ASSIGNMENTS = `
  INSERT INTO conversation_assignments (tenant_id, conversation_id, assignee, begun_at, author)
  SELECT $1, ${idOf("'c' || i")}, 'op' || i / 5 % ${ASSIGNEES}, ${BEGUN}, 'bench' FROM generate_series($4::bigint, $5::bigint) AS i WHERE $3::integer > 0 AND i % 5 = 0`;

/** Constraints first, in an order in which each can be dropped and made again. */
const DEFINITIONS = `
  SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition, contype <> 'f' AS "isKey" FROM pg_constraint
  WHERE conrelid = ANY ($1::regclass[]) AND contype IN ('f', 'p', 'u') AND conrelid::regclass::text <> 'conversations' ORDER BY contype DESC`;
const INDEXES = `
  SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
  WHERE indrelid = ANY ($1::regclass[]) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)`;

/**
 * Fills PostgreSQL as the moves of a year would have: by SQL, without indexes, which are made again at the end as the migrations define them.
 *
 * @param {{ databaseUrl: string, tenantId: string, conversations: number, messages: number }} extent `messages` of each conversation
 * @param {(text: string) => void} update
 */
export async function loadDatabase({ databaseUrl, tenantId, conversations, messages }, update) {
  const clients = await Promise.all(Array.from({ length: LOADERS }, () => connect(databaseUrl)));
  const [client] = clients;
  update('preparing');
  await client.query(FILL_SENTENCES);
  await client.query('ALTER TABLE bench_sentences ADD PRIMARY KEY (s)');
  const make = await withoutIndexes(client);
  const portions = portionsOf(conversations, LOADERS * 10);
  const fillAll = async (name, sql) => {
    update(name);
    let next = 0;
    const work = async (own) => {
      while (next < portions.length) await own.query(sql, [tenantId, conversations, messages, ...portions[next++]]);
    };
    await Promise.all(clients.map(work));
  };
  await fillAll('conversations', FILL_CONVERSATIONS);
  await fillAll('messages', FILL_MESSAGES);
  await fillAll('executions', FILL_EXECUTIONS);
  await fillAll('labels', FILL_LABELS);
  await fillAll('assignments', FILL_ASSIGNMENTS);
  await make(update);
  update('VACUUM ANALYZE');
  await client.query('DROP TABLE bench_sentences');
  for (const table of [...TABLES, 'conversation_totals', 'conversation_total_changes']) await client.query(`VACUUM ANALYZE ${table}`);
  await Promise.all(clients.map((own) => own.end()));
}

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2");
  return client;
}

/** @returns what makes them again */
async function withoutIndexes(client) {
  const { rows: constraints } = await client.query(DEFINITIONS, [TABLES]);
  const { rows: indexes } = await client.query(INDEXES, [TABLES]);
  const isForeign = ({ isKey }) => !isKey;
  for (const { table, name } of [...constraints.filter(isForeign), ...constraints.filter(({ isKey }) => isKey)]) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`);
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  return async (update) => {
    for (const { table, name, definition } of [...constraints.filter(({ isKey }) => isKey), ...constraints.filter(isForeign)]) {
      update(name);
      await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
    }
    for (const { name, definition } of indexes) {
      update(name);
      await client.query(definition);
    }
    await client.query('ALTER INDEX messages_search ALTER COLUMN 1 SET STATISTICS 1000');
  };
}

function portionsOf(count, portions) {
  const size = Math.ceil(count / portions);
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => [i * size + 1, Math.min(count, (i + 1) * size)]);
}
