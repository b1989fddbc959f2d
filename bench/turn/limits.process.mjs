// Two limits: a bare Fastify route that answers a POST with server-sent events, and bare Redis round trips, one after the other.
import { Readable } from 'node:stream';
import { performance } from 'node:perf_hooks';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { drive } from '../drive.mjs';
import { serveHelper } from '../helper.mjs';
import { ROUND_TRIPS } from './cells.mjs';

const TEXT = 'x'.repeat(200);

await serveHelper(async ({ redisUrl }) => {
  const app = Fastify();
  app.post('/', async ({ body }, reply) => {
    void reply.header('content-type', 'text/event-stream; charset=utf-8');
    return Readable.from(answerTo(body.message), { objectMode: false });
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const roundTrips = (client) => async () => {
    const startedAt = performance.now();
    for (let i = 0; i < ROUND_TRIPS; i++) await redis.xadd(`bench:log:${client}`, 'MAXLEN', '~', 1_000, '*', 'data', TEXT);
    return { end: performance.now() - startedAt };
  };
  return { ready: url, answer: ({ clients, ...extent }) => drive(Array.from({ length: clients }, (_, i) => roundTrips(i)), extent) };
});

/** The events of the shortest turn, with what they carry. */
function* answerTo(message) {
  const events = [['execution.queued', {}], ['execution.started', {}], ['message.delta', { text: `You said: ${message}` }], ['execution.completed', {}]];
  for (const [i, [type, data]] of events.entries()) {
    const at = new Date().toISOString();
    yield `id: ${i + 1}\nevent: ${type}\ndata: ${JSON.stringify({ seq: i + 1, type, at, data })}\n\n`;
  }
}
