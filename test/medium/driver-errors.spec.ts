import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { DatabaseSettings, MigrationSettings, RedisSettings } from '../../src/shared/config/index.js';
import { dataSourceOptions } from '../../src/shared/database/data-source-options.js';
import { Transactions } from '../../src/shared/database/index.js';
import { type AppError, toAppError } from '../../src/shared/errors/index.js';
import { connectRedis, endingWhole } from '../../src/shared/redis/connect-redis.js';
import { HotConversationStore } from '../../src/modules/conversations/hot/hot-conversation.store.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { freePort } from '../support/free-port.js';
import { append, close, fill, markArchived, newRef, release } from '../support/hot-store.js';
import { OwnRedis } from '../support/own-redis.js';
import { type TestDatabase, createDatabase } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

/** PostgreSQL's words: a statement may come; and, of a server that goes away, the last ones. */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');
const GOING = Buffer.from('E\0\0\0\x26SFATAL\0VFATAL\0C57P01\0Mgoing away\0\0', 'latin1');

const errorOf = (work: Promise<unknown>): Promise<AppError | undefined> => work.then(() => undefined, toAppError);

describe('a PostgreSQL out of reach', () => {
  let database: TestDatabase;
  const open: DataSource[] = [];
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((dataSource) => dataSource.destroy().catch(() => undefined)));
    await database.drop();
  });
  const connect = async (overrides: Partial<DatabaseSettings> = {}, connectTimeoutMS = 10_000): Promise<DataSource> => {
    const dataSource = new DataSource({ ...dataSourceOptions(Object.assign(new DatabaseSettings(), { url: database.url }, overrides)), connectTimeoutMS } as never);
    await dataSource.initialize();
    open.push(dataSource);
    return dataSource;
  };

  it('because nothing listens is DATABASE_UNAVAILABLE', async () => {
    const url = `postgres://a:b@127.0.0.1:${String(await freePort())}/x`;
    expect(await errorOf(connect({ url }))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('because its host is unknown is DATABASE_UNAVAILABLE', async () => {
    expect(await errorOf(connect({ url: 'postgres://a:b@nooble.invalid/x' }))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('because it has ended the connection in mid-statement is DATABASE_UNAVAILABLE', async () => {
    const dataSource = await connect();
    const error = errorOf(dataSource.query('SELECT pg_sleep(30)'));
    await waitFor('the statement', async () => (await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'")).length > 0);
    expect(await error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: { code: '57P01' } });
  });

  it.each(['is heard of before the next statement', 'is heard of by the next statement'])('because the connection has ended between two statements of a transaction, which %s, is DATABASE_UNAVAILABLE', async (when) => {
    const transactions = new Transactions(await connect());
    const error = await errorOf(
      transactions.within('acme', undefined, async (manager) => {
        const [own] = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
        await database.query('SELECT pg_terminate_backend($1, 5000)', [own?.pid]);
        if (when.includes('before')) await new Promise((resolve) => setTimeout(resolve, 100));
        await manager.query('SELECT 1');
      }),
    );
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: expect.anything() });
  });

  it('because it goes away in the moment it has let a connection in is DATABASE_UNAVAILABLE, and the process goes on', async () => {
    const proxy = await TcpProxy.inFrontOf(Number(new URL(database.url).port));
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const dataSource = await connect({ url: url.href, poolSize: 2 });
    const runner = dataSource.createQueryRunner();
    await runner.query('SELECT 1');
    proxy.changeAnswer = (bytes) => (bytes.includes(READY) ? Buffer.concat([bytes, GOING]) : bytes);
    expect(await errorOf(dataSource.query('SELECT 1'))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    proxy.changeAnswer = (bytes) => bytes;
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await runner.release();
    await dataSource.destroy();
    await proxy.close();
  });

  it('because every connection of the pool is busy is DATABASE_UNAVAILABLE', async () => {
    const dataSource = await connect({ poolSize: 1 }, 1_500);
    const runner = dataSource.createQueryRunner();
    await runner.query('SELECT 1');
    expect(await errorOf(dataSource.query('SELECT 1'))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await runner.release();
  });

  it('because the data source is closed is DATABASE_UNAVAILABLE', async () => {
    const dataSource = await connect();
    await dataSource.destroy();
    expect((await errorOf(dataSource.query('SELECT 1')))?.code).toBe('DATABASE_UNAVAILABLE');
  });

  it.each([
    ['a violated constraint', "INSERT INTO tenants (tenant_id, name, tier) VALUES ('t', 't', 'gold')"],
    ['a mistake in SQL', 'SELEC 1'],
    ['a statement that took too long', 'SELECT pg_sleep(30)'],
  ])('is not what %s is', async (_, sql) => {
    const dataSource = await connect({ statementTimeoutMs: 100 });
    expect(await errorOf(dataSource.query(sql))).toMatchObject({ kind: 'internal', code: 'INTERNAL' });
  });
});

describe('a Redis in trouble', () => {
  let server: OwnRedis;
  let redis: Redis;
  beforeAll(async () => {
    server = await OwnRedis.start(await freePort());
  });
  beforeEach(() => {
    redis = connectRedis(Object.assign(new RedisSettings(), { url: server.url, commandTimeoutMs: 500 }));
    redis.on('error', () => undefined);
  });
  afterEach(() => {
    redis.disconnect();
  });
  afterAll(async () => {
    await server.remove();
  });

  it('whose memory is full is HOT_STORE_FULL, for a command and for a script, and keeps what it had', async () => {
    const store = new HotConversationStore(redis, new MigrationSettings());
    const ref = newRef();
    await append(store, ref, newMessage(), { create: newConversation({ conversationId: ref.conversationId }) });
    await redis.config('SET', 'maxmemory', '1');
    try {
      expect(await errorOf(redis.set('a', 1))).toMatchObject({ kind: 'unavailable', code: 'HOT_STORE_FULL' });
      expect(await errorOf(append(store, ref))).toMatchObject({ code: 'HOT_STORE_FULL' });
      expect((await store.read(ref, { tail: 10 }))?.conversation).toMatchObject({ seq: 1, messageCount: 1 });
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
    expect(await append(store, ref)).toMatchObject({ outcome: 'appended', seq: 2 });
  });

  it('whose memory is full still lets go what PostgreSQL has', async () => {
    const store = new HotConversationStore(redis, Object.assign(new MigrationSettings(), { releaseSeconds: 0, hotTailMessages: 1 }));
    const [closed, active] = [newRef(), newRef()];
    for (const ref of [closed, active]) await fill(store, ref, 3);
    await close(store, closed);
    for (const ref of [closed, active]) await markArchived(store, ref, 3);
    await redis.config('SET', 'maxmemory', '1');
    try {
      expect(await store.trim(active)).toBe(2);
      expect(await release(store, closed)).toBe(true);
      expect(await store.read(closed, { tail: 0 })).toBeNull();
    } finally {
      await redis.config('SET', 'maxmemory', '0');
    }
  });

  it('that has become a replica is HOT_STORE_UNAVAILABLE', async () => {
    await redis.replicaof('127.0.0.1', String(await freePort()));
    try {
      expect(await errorOf(redis.set('a', 1))).toMatchObject({ code: 'HOT_STORE_UNAVAILABLE' });
    } finally {
      await redis.replicaof('NO', 'ONE');
    }
  });

  it('that does not answer in time is HOT_STORE_UNAVAILABLE', async () => {
    const other = endingWhole(redis.duplicate());
    await other.call('CLIENT', 'PAUSE', '2000', 'ALL');
    expect(await errorOf(redis.get('a'))).toMatchObject({ code: 'HOT_STORE_UNAVAILABLE', cause: { message: 'Command timed out' } });
    other.disconnect();
    // Whoever asks for its end has to wait for it, too.
    await waitFor('the end of the pause', async () => (await redis.ping()) === 'PONG');
  });

  it('is an ordinary fault of ours when it answers with an error of ours', async () => {
    await redis.set('text', 'x');
    expect(await errorOf(redis.lpush('text', 'y'))).toMatchObject({ kind: 'internal', code: 'INTERNAL' });
  });

  it('that is killed is HOT_STORE_UNAVAILABLE, and serves again what it had when it is back', async () => {
    await redis.set('kept', 1);
    await server.kill();
    expect(await errorOf(redis.get('kept'))).toMatchObject({ code: 'HOT_STORE_UNAVAILABLE' });
    await server.begin();
    await waitFor('Redis', async () => (await redis.get('kept')) === '1');
  });
});
