import pg from 'pg';

const POOL_SIZE = 20;
const OPEN_SAVER = { postgres: openPostgres, redis: openRedis };
const OPEN_WAY = { graph: openGraph, delta: openDeltaGraph, direct: openDirect };

/** @param {{ saver: 'postgres' | 'redis', way: 'graph' | 'delta' | 'direct' }} options `graph` as its users do it; `direct` without the runtime of graphs, the quickest way */
export async function openMemory({ saver, way, ...options }) {
  return OPEN_WAY[way](await OPEN_SAVER[saver](options), options);
}

async function openPostgres({ databaseUrl }) {
  const { PostgresSaver } = await import('@langchain/langgraph-checkpoint-postgres');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: POOL_SIZE });
  pool.on('error', () => undefined);
  const saver = new PostgresSaver(pool);
  await saver.setup();
  return saver;
}

/** Keeps the newest checkpoint only, the least work. Needs a Redis with RedisJSON: one without refuses the first checkpoint, which is written here. */
async function openRedis({ redisUrl }) {
  const { ShallowRedisSaver } = await import('@langchain/langgraph-checkpoint-redis/shallow');
  // It prints every index that it cannot make, for every checkpoint.
  console.error = () => undefined;
  const saver = await ShallowRedisSaver.fromUrl(redisUrl);
  await putState(saver, { id: 'trial', messages: [], version: 1 });
  return saver;
}

async function openGraph(saver, options) {
  const { MessagesAnnotation } = await import('@langchain/langgraph');
  return openGraphOf(MessagesAnnotation, saver, options);
}

/** Stores what each step adds instead of the whole state. */
async function openDeltaGraph(saver, options) {
  const { MessagesDeltaValue, StateSchema } = await import('@langchain/langgraph');
  return openGraphOf(new StateSchema({ messages: MessagesDeltaValue }), saver, options);
}

/** A graph of one node, the model; `durability` is the default, `async`. */
async function openGraphOf(state, saver, { window }) {
  const { END, START, StateGraph } = await import('@langchain/langgraph');
  const { toLangChain } = await messageClasses();
  const model = ({ messages }, { context }) => {
    context.read = messages.slice(-window);
    return { messages: [toLangChain({ role: 'assistant', content: context.assistant })] };
  };
  const graph = new StateGraph(state).addNode('model', model).addEdge(START, 'model').addEdge('model', END).compile({ checkpointer: saver });
  const configOf = (id) => ({ configurable: { thread_id: id } });
  return {
    begin: async (id, messages) => {
      if (messages.length > 0) await graph.updateState(configOf(id), { messages: messages.map(toLangChain) }, 'model');
    },
    turn: async (id, { user, assistant }) => {
      const context = { assistant };
      await graph.invoke({ messages: [toLangChain({ role: 'user', content: user })] }, { ...configOf(id), context });
      return context.read.length;
    },
  };
}

/** Reads the newest checkpoint and writes the next one, as a graph with `durability: 'exit'` does. */
async function openDirect(saver, { window }) {
  const { toLangChain } = await messageClasses();
  return {
    begin: async (id, messages) => {
      if (messages.length > 0) await putState(saver, { id, messages: messages.map(toLangChain), version: 1 });
    },
    turn: async (id, { user, assistant }) => {
      const tuple = await saver.getTuple({ configurable: { thread_id: id, checkpoint_ns: '' } });
      const { channel_values: { messages = [] } = {}, channel_versions: { messages: version = 0 } = {} } = tuple?.checkpoint ?? {};
      const added = [{ role: 'user', content: user }, { role: 'assistant', content: assistant }].map(toLangChain);
      await putState(saver, { id, messages: [...messages, ...added], version: version + 1, parentId: tuple?.config.configurable.checkpoint_id });
      return messages.slice(-window).length;
    },
  };
}

async function putState(saver, { id, messages, version, parentId }) {
  const { uuid6 } = await import('@langchain/langgraph-checkpoint');
  const config = { configurable: { thread_id: id, checkpoint_ns: '', checkpoint_id: parentId } };
  const versions = { messages: version };
  const checkpoint = { v: 4, id: uuid6(0), ts: new Date().toISOString(), channel_values: { messages }, channel_versions: versions, versions_seen: {} };
  await saver.put(config, checkpoint, { source: 'loop', step: version, parents: {} }, versions);
}

async function messageClasses() {
  const { AIMessage, HumanMessage } = await import('@langchain/core/messages');
  return { toLangChain: ({ role, content }) => new (role === 'user' ? HumanMessage : AIMessage)(content) };
}
