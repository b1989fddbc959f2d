// The Redis server of a bench: in a process of its own, so that it ends with the bench however that ends.
import { findRedisProgram, installRedis, startRedis } from '../scripts/redis.mjs';
import { serveHelper } from './helper.mjs';

await serveHelper(async ({ dir, args = [] }) => {
  const program = findRedisProgram() ?? (await installRedis(() => undefined));
  const { url, pid, exited } = await startRedis({ program, dir, args });
  let isRunning = true;
  exited.then(() => { isRunning = false; });
  process.on('SIGTERM', () => process.exit());
  process.on('exit', () => isRunning && process.kill(pid, 'SIGTERM'));
  const kill = async () => {
    process.kill(pid, 'SIGKILL');
    await exited;
  };
  return { ready: url, answer: kill };
});
