// The first limit: a Fastify route that does nothing but one round trip to Redis.
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { serveHelper } from '../helper.mjs';

await serveHelper(async ({ redisUrl }) => {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  await redis.set('bench:route', 'an answer');
  const app = Fastify();
  app.get('/', async () => ({ answer: await redis.get('bench:route') }));
  return { ready: await app.listen({ host: '127.0.0.1', port: 0 }) };
});
