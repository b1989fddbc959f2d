import { randomUUID } from 'node:crypto';
import pg from 'pg';

const RESOURCE = 'user-1';
const POOL_SIZE = 20;

/** Threads and messages as an agent with `lastMessages` reads and writes them: one recall before the model, one save of both messages after it. */
export async function openMemory({ databaseUrl, window }) {
  process.env.MASTRA_TELEMETRY_DISABLED = '1';
  const [{ Memory }, { PostgresStore }] = await Promise.all([import('@mastra/memory'), import('@mastra/pg')]);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  pool.on('error', () => undefined);
  const storage = new PostgresStore({ id: 'bench', pool });
  await storage.init();
  const memory = new Memory({ storage, options: { lastMessages: window } });
  const save = (threadId, messages) => memory.saveMessages({ messages: messages.map((message) => toStored(threadId, message)) });
  return {
    begin: async (id, messages) => {
      await memory.createThread({ threadId: id, resourceId: RESOURCE });
      if (messages.length > 0) await save(id, messages);
    },
    turn: async (id, { user, assistant }) => {
      const { messages } = await memory.recall({ threadId: id, resourceId: RESOURCE, perPage: window, includeTotal: false });
      await save(id, [{ role: 'user', content: user }, { role: 'assistant', content: assistant }]);
      return messages.length;
    },
  };
}

let at = Date.now();

/** Its order is that of the times, to the millisecond: each message has one of its own. */
function toStored(threadId, { role, content }) {
  return { id: randomUUID(), threadId, resourceId: RESOURCE, role, createdAt: new Date(at++), content: { format: 2, parts: [{ type: 'text', text: content }] } };
}
