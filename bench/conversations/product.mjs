// Everything that the benches `conversations` and `durability` call of the product, in its compiled form, and what `migration` shares with them.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CommandError } from '../../scripts/command.mjs';
import { projectDir } from '../../scripts/paths.mjs';

const AGENT_ID = '0198f0a0-0000-7000-8000-000000000001';
/** One whose tokens are counted by its own tokenizer, the dearest way. */
const MODEL = 'gpt-4o';
/** Room for a window of 200 messages. */
const MODEL_LIMITS = `${MODEL}=400000`;
const TIER = 'enterprise';
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
 * A process of the product that serves nothing: the conversations, the memory windows, the token counter, the mover.
 *
 * @param {{ redisUrl: string, databaseUrl: string, settings?: Record<string, string> }} options `databaseUrl` names a database that is up to date
 */
export async function openProduct({ redisUrl, databaseUrl, settings = {} }) {
  const [{ createApp }, { loadSettings }, { REDIS }] = await Promise.all([compiled('create-app.js'), compiled('shared/config/index.js'), compiled('shared/redis/index.js')]);
  const { ConversationsService, HotConversationStore, MemoryManager, TokenCounter } = await compiled('modules/conversations/index.js');
  const { ConversationMover } = await compiled('modules/migration/conversation-mover.service.js');
  const environment = { AUTH_MODE: 'headers', DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent', MEMORY_MODEL_LIMITS: MODEL_LIMITS, NODE_ENV: 'test', NOOBLE_ROLE: 'api', REDIS_URL: redisUrl, ...settings };
  const app = await createApp(loadSettings(environment));
  const [conversations, store, memory, tokens, mover, redis] = [ConversationsService, HotConversationStore, MemoryManager, TokenCounter, ConversationMover, REDIS].map((part) => app.get(part, { strict: false }));
  return {
    ...(await storeCalls(store)),
    app,
    redis,
    /** As a run of an agent does it: counted, and without end where the tier says so. */
    save: (ref, message) => conversations.append(ref.tenantId, conversationOf(ref), message, message.role === 'user' ? TIER : undefined),
    window: async (ref, count) => (await memory.window(ref, MODEL, count)).messages,
    countTokens: (text) => tokens.count(text, MODEL),
    move: (ref) => mover.move(ref, MOVE_ATTEMPT, new AbortController().signal),
    close: () => app.close(),
  };
}

async function storeCalls(store) {
  const [{ newId }, { toStored }] = await Promise.all([compiled('contracts/index.js'), compiled('modules/conversations/hot/message-json.js')]);
  return {
    newRef: (tenantId) => ({ tenantId, conversationId: newId(), sessionId: newId() }),
    newRunId: newId,
    /** A message as a run of an agent makes it. */
    newMessage: ({ role, content, tokens }, executionId = newId()) =>
      ({ messageId: `${executionId}.${role}`, role, content, tokens, agentId: role === 'assistant' ? AGENT_ID : null, executionId, metadata: null }),
    /** The text that an append adds to the list in Redis. */
    storedText: (message) => toStored({ ...message, createdAt: new Date() }),
    /** Makes a conversation without messages. */
    begin: (ref) => store.openSession(ref.tenantId, conversationOf(ref)),
    append: async (ref, message) => {
      const answer = await store.append(ref, message, { sessionId: ref.sessionId });
      if (answer?.outcome !== 'appended') throw new CommandError(`A message was not appended: ${answer?.outcome ?? 'the conversation is not there'}.`);
    },
    /** Ids of its messages, oldest first; null when there is no conversation. */
    readIds: async (ref) => (await store.read(ref, { from: 1, count: Number.MAX_SAFE_INTEGER }))?.messages.map(({ messageId }) => messageId) ?? null,
  };
}

function conversationOf({ conversationId, sessionId }) {
  return { conversationId, agentId: AGENT_ID, sessionId, userId: null, model: MODEL, metadata: {} };
}

/** @param {string} path of a module of the product, below dist/ */
export function compiled(path) {
  createRequire(join(projectDir, 'package.json'))('reflect-metadata');
  return import(pathToFileURL(join(projectDir, 'dist', path)));
}
