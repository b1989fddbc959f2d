// The load generator: its clients are opened once and stay warm between runs.
import { drive } from '../drive.mjs';
import { serveHelper } from '../helper.mjs';
import { openLangGraphClient } from './langgraph-client.mjs';
import { openSocketClient } from './socket-client.mjs';
import { openSseClient } from './sse-client.mjs';

const KINDS = { socket: openSocketClient, sse: openSseClient, langgraph: openLangGraphClient };

await serveHelper(async ({ kind, name, clients: count, ...target }) => {
  const indexes = Array.from({ length: count }, (_, i) => i);
  const clients = await Promise.all(indexes.map((i) => KINDS[kind]({ ...target, sessionId: `bench-${name}-${i}` })));
  return {
    answer: async ({ renews = false, ...extent }) => {
      if (renews) await renewAll(clients);
      return drive(clients, extent);
    },
  };
});

/** What earlier runs left would make the server slower, also while others are measured. */
async function renewAll(clients) {
  await clients[0].forgetAll();
  await Promise.all(clients.map(({ renew }) => renew()));
}
