import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Of the peer, at once. Its default is 10; with so many no client waits for a free one. */
export const LANGGRAPH_WORKERS = 64;
/** Until its first token a turn needs at least: accepted, put into the queue, taken from it, begun, user's message appended, token written, token read. */
export const ROUND_TRIPS = 7;
/** Ten turns a second at the most. */
const PAUSE_MS = 100;

/** What is measured. */
export const SUBJECTS = {
  sse: { title: 'Nooble, REST with events in the answer', server: 'ours' },
  socket: { title: 'Nooble, WebSocket', server: 'ours' },
  paced: { title: `Nooble, WebSocket, a pause of ${PAUSE_MS} ms after each turn`, server: 'ours', extent: { pauseMs: PAUSE_MS } },
  langgraph: { title: `LangGraph server ${dependencies['@langchain/langgraph-api']}, in memory`, server: 'langgraph', extent: { renews: true } },
  echo: { title: 'Fastify, POST answered with four events' },
  redis: { title: `${ROUND_TRIPS} Redis round trips, one after the other` },
  job: { title: 'Bull job, add to completed' },
};

/** How many clients each has at once. They take turns in this order. */
export const CLIENTS = { sse: [1, 32, 64], socket: [1, 64], paced: [1], langgraph: [1, 32, 64, 256], echo: [1, 32], redis: [1], job: [1, 32] };
