// The Redis server of a bench: in a process of its own, so that it ends with the bench however that ends.
import { findRedisProgram, installRedis, startRedis } from '../../scripts/redis.mjs';
import { serveHelper } from '../helper.mjs';

await serveHelper(async ({ dir }) => {
  const program = findRedisProgram() ?? (await installRedis(() => undefined));
  const { url, pid } = await startRedis({ program, dir, args: [] });
  process.on('SIGTERM', () => process.exit());
  process.on('exit', () => process.kill(pid, 'SIGTERM'));
  return { ready: url };
});
