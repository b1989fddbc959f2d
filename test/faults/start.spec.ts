import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServerProcess } from '../support/server-process.js';
import { type TestDatabase, createDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

/** Nothing listens on port 9 (discard) of a machine of today. */
const NOWHERE = '127.0.0.1:9';

describe('the start of the server', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    (await emptyRedis()).disconnect();
  });
  afterAll(async () => {
    await database.drop();
  });

  const refusal = async (environment: Record<string, string>): Promise<string> => {
    const server = ServerProcess.spawn({ DATABASE_URL: database.url, REDIS_URL: redisUrl, ...environment });
    expect(await server.exited()).toBe(1);
    expect(server.output).not.toMatch(/\n\s+at /);
    return server.output;
  };

  it('says in one line that PostgreSQL cannot be reached, without the password', async () => {
    const output = await refusal({ DATABASE_URL: `postgres://nooble:s3cret@${NOWHERE}/nooble` });
    expect(output).toMatch(/^nooble: PostgreSQL at 127\.0\.0\.1:9 cannot be used: .*ECONNREFUSED.* Start it, or set DATABASE_URL\.\n/m);
    expect(output).not.toContain('s3cret');
  });

  it('says in one line that Redis cannot be reached', async () => {
    expect(await refusal({ REDIS_URL: `redis://${NOWHERE}` })).toMatch(/nooble: Redis at 127\.0\.0\.1:9 cannot be used: .*ECONNREFUSED.* Start it, or set REDIS_URL\.\n$/);
  });

  it('does not wait for a wrong password', async () => {
    const wrong = new URL(database.url);
    wrong.password = 'wrong';
    expect(await refusal({ DATABASE_URL: wrong.href })).toContain('password authentication failed');
  });

  it('names a port that is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    expect(await refusal({ PORT: String(port) })).toContain(`Port ${String(port)} of 127.0.0.1 is in use; stop what uses it or set PORT to another (0 takes a free one).`);
    taken.close();
  });

  it('names every faulty setting at once', async () => {
    const output = await refusal({ PORT: '99999', NOOBLE_ROLE: 'boss', MIGRATION_BATCH_SIZE: 'many' });
    for (const variable of ['PORT', 'NOOBLE_ROLE', 'MIGRATION_BATCH_SIZE']) expect(output).toContain(`\n  ${variable}: `);
  });

  it.each([
    [{ HOST: '0.0.0.0' }],
    [{ HOST: '::' }],
    [{ HOST: '192.0.2.1' }],
    [{ HOST: '127.0.0.1.example.com' }],
    [{ NODE_ENV: 'production' }],
    [{ NODE_ENV: 'production', HOST: '::1' }],
  ])('refuses AUTH_MODE=headers with %o', async (environment) => {
    expect(await refusal(environment)).toBe('nooble: AUTH_MODE=headers believes every caller, so it is for HOST=127.0.0.1 and development only; set AUTH_MODE=keys and NOOBLE_ADMIN_KEY.\n');
  });

  it('waits for services that are not there yet when told to', async () => {
    const proxy = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
    proxy.refuse();
    const url = new URL(redisUrl);
    url.port = String(proxy.port);
    const server = ServerProcess.spawn({ DATABASE_URL: database.url, REDIS_URL: url.href, WAIT_FOR_SERVICES: '1' });
    await waitFor('the announcement', () => server.output.includes('Waiting for it.'));
    proxy.pass();
    await server.url();
    expect(await server.end('SIGTERM')).toBe(0);
    await proxy.close();
  });
});
