import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import { Conversations } from '../support/conversations.js';
import { Migration } from '../support/migration.js';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

let database: TestDatabase;
const started: ServerProcess[] = [];
const start = async (): Promise<ServerProcess> => {
  const server = await ServerProcess.start({ DATABASE_URL: database.url, REDIS_URL: redisUrl, LOG_LEVEL: 'error' });
  started.push(server);
  return server;
};
const of = async (server: ServerProcess): Promise<{ migration: Migration; all: Conversations }> => {
  const client = await server.client('acme');
  return { migration: new Migration(client), all: new Conversations(client) };
};
/** Sweeps that have ended in any of these processes. */
const sweeps = async (...servers: ServerProcess[]): Promise<number> => {
  const texts = await Promise.all(servers.map(async (server) => (await fetch(`${await server.url()}/metrics`)).text()));
  return texts.reduce((sum, text) => sum + Number(/nooble_jobs_total\{type="migration.sweep",outcome="completed"\} (\d+)/.exec(text)?.[1] ?? 0), 0);
};

beforeAll(async () => {
  [database] = await Promise.all([createDatabase(), emptyRedis().then((redis) => redis.disconnect())]);
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.end('SIGTERM')));
  await database.drop();
});

describe('the migration loop over two processes', () => {
  it('is stopped in all of them at once, stays so over a restart, moves what is named meanwhile, and goes on when it is started (86)', async () => {
    const [first, second] = [await start(), await start()];
    const [one, two] = [await of(first), await of(second)];
    await createAgent(await first.client('acme'));
    expect((await one.migration.stats()).status).toBe('running');

    expect(await one.migration.stop()).toEqual({ status: 'stopped', changed: true, moving: 0 });
    expect(await two.migration.stop()).toEqual({ status: 'stopped', changed: false, moving: 0 });
    expect((await two.migration.stats()).status).toBe('stopped');
    const left = await one.all.begin();
    const named = await one.all.begin();
    for (const conversationId of [left, named]) {
      await one.all.say(conversationId, 'hi');
      await one.all.close(conversationId);
    }
    const before = await sweeps(first, second);
    await waitFor('two more sweeps', async () => (await sweeps(first, second)) >= before + 2);
    expect(await two.all.get(left)).toMatchObject({ status: 'completed', storage: 'hot' });

    await first.end('SIGTERM');
    const third = await start();
    const three = await of(third);
    expect((await three.migration.stats()).status).toBe('stopped');
    const since = await sweeps(second, third);
    await waitFor('two more sweeps', async () => (await sweeps(second, third)) >= since + 2);
    expect(await two.all.get(left)).toMatchObject({ status: 'completed', storage: 'hot' });

    expect(await three.migration.migrate(named)).toMatchObject({ status: 200, body: { conversationId: named, archivedSeq: 1, movedMessages: 1, status: 'transferred', storage: 'both', isMemoryFreed: true } });
    expect(await three.migration.stats()).toMatchObject({ status: 'stopped', migrations: { pending: 1, completed: 1 } });

    expect(await three.migration.start()).toMatchObject({ status: 'running', changed: true });
    await waitFor('the move', async () => (await two.all.get(left)).status === 'transferred');
    expect(await waitFor('the count', async () => (({ migrations, ...rest }) => migrations.completed === 2 && { migrations, ...rest })(await two.migration.stats()))).toMatchObject({
      ...{ tenantId: null, status: 'running', lagSeconds: 0, intervalSeconds: 1 },
      migrations: { pending: 0, moving: 0, completed: 2, failed: 0, total: 2 },
    });
  }, 60_000);
});
