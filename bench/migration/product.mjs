// What the bench `migration` calls of the product, in its compiled form.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectDir } from '../../scripts/paths.mjs';
import { compiled, openProduct } from '../conversations/product.mjs';
import { makeTurns, messagesOf } from '../conversations/text.mjs';

const AGENT_ID = '0198f0a0-0000-7000-8000-000000000001';
const TEXTS = messagesOf(makeTurns(2_000));
/** Longer than filling a conversation of 100 000 messages in one script takes. */
const FILL_TIMEOUT_MS = 60_000;

/** A closed conversation leaves Redis with its move: nothing is left to a second one. */
export const RELEASE_AT_ONCE = { MIGRATION_RELEASE_SECONDS: '0' };

/** Messages of a conversation, as a run of an agent makes them. @returns {Promise<(count: number) => object[]>} */
export async function openMessages() {
  const { newId } = await compiled('contracts/index.js');
  const messageOf = (seq) => {
    const { role, content } = TEXTS[seq % TEXTS.length];
    const executionId = newId();
    return { seq, messageId: `${executionId}.${role}`, role, content, tokens: Math.ceil(content.length / 4), agentId: role === 'assistant' ? AGENT_ID : null, executionId, metadata: null, createdAt: new Date() };
  };
  // Each conversation begins at another text.
  return (count) => {
    const from = 2 * Math.floor((Math.random() * TEXTS.length) / 2);
    return Array.from({ length: count }, (_, i) => ({ ...messageOf(from + i), seq: i + 1 }));
  };
}

/**
 * Puts whole conversations into Redis, closed and due, none of them in PostgreSQL: one script of the hot store for each, the one that brings a
 * conversation back. What it writes is what appends and a close would have written, but for what a `header` says otherwise.
 *
 * @param {{ redisUrl: string }} options
 */
export async function openFill({ redisUrl }) {
  const [{ HotConversationStore }, { connectRedis }, { MigrationSettings, RedisSettings }, { newId }, messagesOfOne] = await Promise.all([
    compiled('modules/conversations/index.js'), compiled('shared/redis/connect-redis.js'), compiled('shared/config/index.js'), compiled('contracts/index.js'), openMessages(),
  ]);
  const redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl, commandTimeoutMs: FILL_TIMEOUT_MS }));
  const store = new HotConversationStore(redis, Object.assign(new MigrationSettings(), { releaseSeconds: 0 }));
  const fillOne = async (tenantId, count, header = {}) => {
    const ref = { tenantId, conversationId: newId() };
    const tail = messagesOfOne(count);
    const ids = tail.map(({ messageId, seq }) => [messageId, seq]);
    await store.reheat(ref, { conversation: { ...closedConversation(ref, count), ...header }, tail, ids, leftAt: '' });
    return ref;
  };
  return { redis, fillOne, close: () => redis.disconnect() };
}

function closedConversation({ conversationId }, count) {
  const now = new Date();
  return {
    ...{ conversationId, agentId: AGENT_ID, sessionId: conversationId, userId: null, status: 'completed', model: 'builtin/chat', metadata: {}, summary: null, customerSatisfaction: null },
    ...{ messageCount: count, seq: count, tokenCount: 200 * count, archivedSeq: 0, archivedRevision: -1, firstHotSeq: 1, revision: count + 2, systemSeqs: [], withdrawnSeqs: [] },
    ...{ createdAt: now, lastMessageAt: now, closedAt: now },
  };
}

/** The mover in a process without workers and queues. */
export async function openMover(options) {
  return openProduct({ ...options, settings: RELEASE_AT_ONCE });
}

/** `save` of TypeORM on the product's own entity and connection pool. */
export async function openSaver(options) {
  const { app, close } = await openProduct(options);
  const [{ MessageEntity }, { DataSource }] = [await compiled('modules/conversations/archive/message.entity.js'), createRequire(join(projectDir, 'package.json'))('typeorm')];
  const { manager } = app.get(DataSource, { strict: false });
  return { save: (rows) => manager.save(rows.map((row) => manager.create(MessageEntity, row))), close };
}

/** Settings of a worker process, as in production but for when it looks for work and lets conversations go. */
export function workerSettings({ redisUrl, databaseUrl, sweepSeconds }) {
  return { ...RELEASE_AT_ONCE, AUTH_MODE: 'keys', DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn', MIGRATION_INTERVAL_SECONDS: String(sweepSeconds), NODE_ENV: 'production', NOOBLE_ROLE: 'worker', REDIS_URL: redisUrl };
}
