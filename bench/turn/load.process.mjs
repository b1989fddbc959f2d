// The load generator: its clients are opened once and stay warm between runs.
import { drive } from '../drive.mjs';
import { serveHelper } from '../helper.mjs';
import { openRouteClient } from './route-client.mjs';
import { openSocketClient } from './socket-client.mjs';
import { openSseClient } from './sse-client.mjs';

const KINDS = { socket: openSocketClient, sse: openSseClient, route: openRouteClient };

await serveHelper(async ({ kind, clients: count, ...target }) => {
  const indexes = Array.from({ length: count }, (_, i) => i);
  const clients = await Promise.all(indexes.map((i) => KINDS[kind]({ ...target, sessionId: `bench-${kind}-${count}-${i}` })));
  return { answer: (extent) => drive(clients, extent) };
});
