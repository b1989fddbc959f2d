import { randomUUID } from 'node:crypto';

const COLUMNS = ['seq', 'messageId', 'role', 'content', 'tokens', 'agentId', 'executionId', 'metadata', 'createdAt'];
const TENANT = 'limits';

const INSERT_CONVERSATION = `
  INSERT INTO conversations (tenant_id, conversation_id, agent_id, session_id, status, model, message_count, token_count, archived_seq, revision, metadata, created_at, last_message_at)
  SELECT $1, id, id, 's', 'completed', 'builtin/chat', 1, 1, 1, 1, '{}', now(), now() FROM unnest($2::uuid[]) AS id`;
const INSERT_COLUMNS = 'tenant_id, conversation_id, seq, message_id, role, content, tokens, agent_id, execution_id, metadata, created_at';
const UNNEST = `
  INSERT INTO messages (${INSERT_COLUMNS})
  SELECT $1, $2, * FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::uuid[], $9::uuid[], $10::jsonb[], $11::timestamptz[])`;
export const COPY = `COPY messages (${INSERT_COLUMNS}) FROM STDIN`;

/** Makes the rows of conversations, which must be there before their messages. @returns {Promise<string[]>} their ids */
export async function insertConversations(client, count) {
  const ids = Array.from({ length: count }, () => randomUUID());
  await client.query(INSERT_CONVERSATION, [TENANT, ids]);
  return ids;
}

/** One statement that inserts messages of one conversation. */
export function unnestOf(conversationId, messages) {
  return { text: UNNEST, values: [TENANT, conversationId, ...COLUMNS.map((name) => messages.map((message) => message[name]))] };
}

/** The lines of COPY for messages of one conversation. */
export function linesOf(conversationId, messages) {
  return messages.map((message) => `${[TENANT, conversationId, ...COLUMNS.map((name) => message[name])].map(field).join('\t')}\n`).join('');
}

/** The same rows as objects of the product's entity. */
export function entitiesOf(conversationId, messages) {
  return messages.map((message) => ({ ...message, tenantId: TENANT, conversationId }));
}

function field(value) {
  if (value === null) return '\\N';
  if (value instanceof Date) return value.toISOString();
  return String(value).replace(/[\\\t\n\r]/g, (character) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[character]);
}
