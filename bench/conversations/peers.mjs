import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const version = (name) => dependencies[name];
const openLangGraph = () => import('./open-langgraph.mjs');
const LANGGRAPH = `LangGraph ${version('@langchain/langgraph')}`;

const CHECKPOINT_TABLES = { messages: ['checkpoints', 'checkpoint_blobs', 'checkpoint_writes'], others: [] };

/**
 * Who keeps the conversations of a turn, with how it is set up. `isSlow`: a turn takes tens of milliseconds, so fewer are enough.
 * `isOptional`: not every Redis has what it needs. `isNotTimed`: only its bytes are of interest. `tables`: where PostgreSQL has the messages, and what else is about a conversation.
 */
export const MEMORIES = {
  ours: {
    title: 'Nooble',
    open: () => import('./open-ours.mjs'),
    tables: { messages: ['messages'], others: ['conversations', 'migration_ledger'] },
    setup: 'conversations and memory windows as a server process has them, tokens counted; a turn is an append, a window, an append',
  },
  mastra: {
    title: `Mastra memory ${version('@mastra/memory')}, PostgreSQL`,
    open: () => import('./open-mastra.mjs'),
    tables: { messages: ['mastra_messages'], others: ['mastra_threads'] },
    setup: `@mastra/pg ${version('@mastra/pg')}, a pool of 20 connections (its default), lastMessages; a turn is \`recall\` without the total and one \`saveMessages\` of both, as its agents do it`,
  },
  langgraph: {
    title: `${LANGGRAPH} graph, PostgreSQL`,
    open: openLangGraph,
    options: { saver: 'postgres', way: 'graph' },
    tables: CHECKPOINT_TABLES,
    isSlow: true,
    setup: `PostgresSaver ${version('@langchain/langgraph-checkpoint-postgres')}, a pool of 20 connections; a turn is \`invoke\` of a graph of one node with MessagesAnnotation, its defaults otherwise`,
  },
  langgraphDelta: {
    title: `${LANGGRAPH} graph with deltas, PostgreSQL`,
    open: openLangGraph,
    options: { saver: 'postgres', way: 'delta' },
    tables: CHECKPOINT_TABLES,
    isSlow: true,
    isNotTimed: true,
    setup: 'the same with MessagesDeltaValue (beta) in place of MessagesAnnotation, only for its bytes: its turns are slower',
  },
  langgraphDirect: {
    title: `${LANGGRAPH} saver alone, PostgreSQL`,
    open: openLangGraph,
    options: { saver: 'postgres', way: 'direct' },
    tables: CHECKPOINT_TABLES,
    isSlow: true,
    setup: 'the same saver without a graph: a turn is one `getTuple` and one `put` of the messages, the least a graph can do',
  },
  langgraphRedis: {
    title: `${LANGGRAPH} shallow saver alone, Redis`,
    open: openLangGraph,
    options: { saver: 'redis', way: 'direct' },
    isSlow: true,
    isOptional: true,
    setup: `ShallowRedisSaver ${version('@langchain/langgraph-checkpoint-redis')}, otherwise the same`,
  },
};

export function titleOf(who) {
  return MEMORIES[who].title;
}
