import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuild } from '../scripts/build.mjs';
import { onExit } from '../scripts/command.mjs';
import { stateDir } from '../scripts/paths.mjs';
import { withProgress } from '../scripts/progress.mjs';
import { startServices } from '../scripts/services.mjs';
import { createDatabases } from './conversations/databases.mjs';
import { startHelper } from './helper.mjs';
import { measureForeground } from './migration/measure-foreground.mjs';
import { measureMemory, measureMover } from './migration/measure-mover.mjs';
import { openFill } from './migration/product.mjs';
import { report } from './migration/report.mjs';
import { runWorkers } from './migration/workers.mjs';
import { othersShare } from './neighbours.mjs';

const EXTENT = {
  runs: 3,
  batch: 500,
  /** What the workers move in all, and what one slice of the mover and of each limit has. */
  shapes: {
    short: { conversations: 10_000, messages: 10, slice: { conversations: 300, messages: 10 } },
    long: { conversations: 10, messages: 10_000, slice: { conversations: 4, messages: 2_000 } },
  },
  saves: 500,
  single: { conversations: 300, messages: 50 },
  /** As many messages in all: a process that has done more is larger. */
  lengths: [{ messages: 1_000, conversations: 50 }, { messages: 10_000, conversations: 5 }, { messages: 50_000, conversations: 1 }],
  foreground: { durationMs: 5_000, slices: 2, conversations: 8_000, messages: 10 },
  timeoutMs: 200_000,
};
const QUICK_EXTENT = {
  ...EXTENT,
  runs: 2,
  shapes: { short: { ...EXTENT.shapes.short, conversations: 1_000 }, long: { ...EXTENT.shapes.long, conversations: 4, messages: 2_500, slice: { conversations: 4, messages: 1_000 } } },
  saves: 250,
  single: { conversations: 60, messages: 50 },
  lengths: [{ messages: 1_000, conversations: 10 }, { messages: 10_000, conversations: 1 }],
  foreground: { durationMs: 2_000, slices: 1, conversations: 3_000, messages: 10 },
};
const FULL_EXTENT = {
  ...EXTENT,
  shapes: { short: { ...EXTENT.shapes.short, conversations: 100_000 }, long: { ...EXTENT.shapes.long, conversations: 100 } },
  timeoutMs: 3_600_000,
};
/** A rewrite of the append-only file would meet one measure and not the other. */
const REDIS_ARGS = ['--auto-aof-rewrite-percentage', '0'];
const MOST_WORKERS = 2;
const dir = join(stateDir, `bench-migration-${process.pid}`);

/**
 * The move of conversations from Redis to PostgreSQL beside what PostgreSQL can do at best with the same rows.
 *
 * @param {{ isQuick: boolean, isFull: boolean }} options
 */
export async function run({ isQuick, isFull }) {
  const extent = isQuick ? QUICK_EXTENT : isFull ? FULL_EXTENT : EXTENT;
  await ensureBuild();
  mkdirSync(dir, { recursive: true });
  onExit(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  const services = await withProgress('Starting PostgreSQL and Redis', (onProgress) => startServices({ dataDir: join(dir, 'services'), persistent: false, redisArgs: REDIS_ARGS, onProgress }));
  onExit(services.stop);
  const { redisUrl } = services;
  const [databases, fill] = await Promise.all([createDatabases(services.databaseUrl), openFill({ redisUrl })]);
  onExit(fill.close);
  const open = async (file, { database, ...options }) => startHelper(new URL(`migration/${file}.process.mjs`, import.meta.url), { redisUrl, databaseUrl: await databases.create(database), ...options });
  const bench = { extent, dir, databases, fill, open, redisUrl };
  const others = [await othersShare()];
  const mover = await withProgress('Moving beside the limits', (update) => measureMover(bench, update));
  others.push(await othersShare());
  const workers = await withProgress('Moving by workers', (update) => measureWorkers(bench, update));
  others.push(await othersShare());
  const foreground = await withProgress('Appending beside a move', (update) => measureForeground(bench, update));
  others.push(await othersShare());
  const memory = await withProgress('Moving long conversations', (update) => measureMemory(bench, update));
  return report({ extent, mover: { ...mover, memory }, workers, foreground, others, versions: await databases.versions(redisUrl), isQuick, isFull });
}

async function measureWorkers(bench, update) {
  const { shapes, timeoutMs } = bench.extent;
  const found = {};
  for (const [shape, { conversations, messages }] of Object.entries(shapes)) {
    for (let workers = 1; workers <= MOST_WORKERS; workers++) {
      update(`${workers} over ${conversations} × ${messages}`);
      found[`${shape}${workers}`] = await runWorkers(bench, { name: `${shape}_${workers}`, workers, conversations, messages, timeoutMs });
    }
  }
  return found;
}
