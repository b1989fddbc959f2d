import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CommandError } from '../../scripts/command.mjs';
import { findFreePort } from '../../scripts/processes.mjs';
import { startServer } from '../../scripts/server.mjs';
import { fillRedis, tenantsOf } from './fill.mjs';
import { workerSettings } from './product.mjs';

/** The repeated sweep begins at a multiple of this after the epoch. */
const SWEEP_SECONDS = 5;
const START_TIMEOUT_MS = 60_000;
/** Each look adds up the ledger, which must not cost much of what is measured. */
const LOOK_EVERY_MS = 500;

const MOVED = `
  SELECT COALESCE(sum(message_count), 0)::int AS messages, count(*) FILTER (WHERE outcome <> 'verified')::int AS failed,
    EXTRACT(epoch FROM max(moved_at) - min(moved_at))::float AS seconds FROM migration_ledger`;

/**
 * Worker processes of the product with their queues, over conversations that are due before they start.
 *
 * @param {{ databases: object, fill: object, redisUrl: string, dir: string }} bench
 * @param {{ name: string, workers: number, conversations: number, messages: number, timeoutMs: number }} extent
 * @param {() => Promise<unknown>} [meanwhile] begins when the first message is moved; what is left when it ends is not waited for
 */
export async function runWorkers({ databases, fill, redisUrl, dir }, { name, workers, conversations, messages, timeoutMs }, meanwhile) {
  await fill.redis.flushall();
  const databaseUrl = await databases.create(`ours_${name}`);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query("INSERT INTO tenants (tenant_id, name, tier) SELECT id, id, 'enterprise' FROM unnest($1::text[]) AS id", [tenantsOf(conversations)]);
  await fillRedis(fill, { conversations, messages });
  const env = workerSettings({ redisUrl, databaseUrl, sweepSeconds: SWEEP_SECONDS });
  const servers = [];
  const moved = async () => (await client.query(MOVED)).rows[0];
  try {
    for (let i = 0; i < workers; i++) servers.push(await startServer({ address: { host: '127.0.0.1', port: await findFreePort() }, env, logFile: join(dir, `${name}-${i}.log`) }));
    const all = conversations * messages;
    await untilMoved(moved, 1, START_TIMEOUT_MS);
    const found = await meanwhile?.();
    if (!meanwhile) await untilMoved(moved, all, timeoutMs);
    const { messages: count, failed, seconds } = await moved();
    if (failed > 0 || (meanwhile ? count >= all : count !== all)) throw new CommandError(`${count} of ${all} messages were moved, ${failed} moves failed.`);
    return found ?? { perSecond: count / seconds };
  } finally {
    await Promise.all(servers.map(({ stop }) => stop()));
    await client.end();
  }
}

async function untilMoved(moved, count, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  while ((await moved()).messages < count && Date.now() < deadline) await sleep(LOOK_EVERY_MS);
}
