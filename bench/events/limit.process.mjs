// The limit of a replay: XRANGE page by page, and each event as JSON, for nobody.
import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { serveHelper } from '../helper.mjs';

/** As the server's reader has it. */
const PAGE = 500;

await serveHelper(async ({ redisUrl, key }) => {
  const redis = new Redis(redisUrl);
  const replay = async () => {
    const startedAt = performance.now();
    let count = 0;
    for (let after = '0'; ; ) {
      const entries = await redis.xrange(key, `(${after}-0`, '+', 'COUNT', PAGE);
      if (entries.length === 0) return { count, durationMs: performance.now() - startedAt };
      for (const [id, [, type, , data, , at]] of entries) {
        after = String(parseInt(id, 10));
        Buffer.from(JSON.stringify({ type, seq: Number(after), at, data: JSON.parse(data) }));
        count++;
      }
    }
  };
  return { answer: replay };
});
