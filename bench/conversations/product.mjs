// Everything that the benches `conversations` and `durability` call of the product, in its compiled form.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectDir } from '../../scripts/paths.mjs';

const AGENT_ID = '0198f0a0-0000-7000-8000-000000000001';
/** One whose window has room for 200 messages. */
const MODEL = 'claude-3-opus';
const MOVE_ATTEMPT = 1;

/** Brings an empty database up to date. */
export async function prepareDatabase(databaseUrl) {
  const [{ migrateSchema }, { DatabaseSettings }] = await Promise.all([compiled('shared/database/index.js'), compiled('shared/config/index.js')]);
  await migrateSchema(Object.assign(new DatabaseSettings(), { url: databaseUrl }));
}

/**
 * The hot store alone, on a connection as every process of the product has it.
 *
 * @param {{ redisUrl: string }} options
 */
export async function openStore({ redisUrl }) {
  const [{ HotConversationStore }, { connectRedis }, { MigrationSettings, RedisSettings }] = await Promise.all([
    compiled('modules/conversations/index.js'),
    compiled('shared/redis/connect-redis.js'),
    compiled('shared/config/index.js'),
  ]);
  const redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl }));
  const store = new HotConversationStore(redis, new MigrationSettings());
  return { ...(await storeCalls(store)), redis, close: () => redis.disconnect() };
}

/**
 * A process of the product that serves nothing: the store, the memory windows, the token counter, the mover.
 *
 * @param {{ redisUrl: string, databaseUrl: string }} options `databaseUrl` names a database that is up to date
 */
export async function openProduct({ redisUrl, databaseUrl }) {
  const [{ createApp }, { loadSettings }, { REDIS }] = await Promise.all([compiled('create-app.js'), compiled('shared/config/index.js'), compiled('shared/redis/index.js')]);
  const { HotConversationStore, MemoryManager, TokenCounter } = await compiled('modules/conversations/index.js');
  const { ConversationMover } = await compiled('modules/migration/conversation-mover.service.js');
  const environment = { AUTH_MODE: 'headers', DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent', NODE_ENV: 'test', NOOBLE_ROLE: 'api', REDIS_URL: redisUrl };
  const app = await createApp(loadSettings(environment));
  const [store, memory, tokens, mover, redis] = [HotConversationStore, MemoryManager, TokenCounter, ConversationMover, REDIS].map((part) => app.get(part, { strict: false }));
  return {
    ...(await storeCalls(store)),
    redis,
    window: async (ref, count) => (await memory.window(ref, MODEL, count)).messages,
    countTokens: (text) => tokens.count(text),
    move: (ref) => mover.move(ref, MOVE_ATTEMPT, new AbortController().signal),
    close: () => app.close(),
  };
}

async function storeCalls(store) {
  const [{ newId }, { toStored }] = await Promise.all([compiled('contracts/index.js'), compiled('modules/conversations/hot/message-json.js')]);
  return {
    newRef: (tenantId) => ({ tenantId, conversationId: newId() }),
    /** A message as a run of an agent makes it. */
    newMessage: ({ role, content, tokens }, executionId = newId()) =>
      ({ messageId: `${executionId}.${role}`, role, content, tokens, agentId: role === 'assistant' ? AGENT_ID : null, executionId, metadata: null }),
    /** The text that an append adds to the list in Redis. */
    storedText: (message) => toStored({ ...message, createdAt: new Date() }),
    /** Makes a conversation without messages. */
    begin: ({ tenantId, conversationId }) =>
      store.openSession(tenantId, { conversationId, agentId: AGENT_ID, sessionId: newId(), userId: null, model: MODEL, metadata: {} }, false),
    append: (ref, message) => store.append(ref, message),
    /** Ids of its messages, oldest first; null when there is no conversation. */
    readIds: async (ref) => (await store.read(ref, { from: 1, count: Number.MAX_SAFE_INTEGER }))?.messages.map(({ messageId }) => messageId) ?? null,
  };
}

function compiled(path) {
  createRequire(join(projectDir, 'package.json'))('reflect-metadata');
  return import(pathToFileURL(join(projectDir, 'dist', path)));
}
