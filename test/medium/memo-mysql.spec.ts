import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { AsyncMemoCache, MysqlBackend, entryOfText } from '../../src/shared/memo/index.js';
import { runCommand } from '../support/command-line.js';
import { keepsTheContract } from '../support/memo-contract.js';
import { OwnMariadb, findMariadb } from '../support/own-mariadb.js';

const program = findMariadb();
const isCi = process.env['CI'] !== undefined;
let server: OwnMariadb;
/** A machine that is busy is no backend that is away. */
const PATIENT = { deadlineMs: 15_000 };
const opened: AsyncMemoCache[] = [];

// Where it must be, its absence is a failure; elsewhere the name of the skipped suite says what is missing.
const run = program !== undefined || isCi ? describe : describe.skip;
run(program === undefined ? 'MariaDB, which is not installed here (Debian: apt-get install mariadb-server-core)' : 'MariaDB', () => {
  beforeAll(async () => {
    server = await OwnMariadb.start(program ?? 'mariadbd');
  }, 60_000);

  afterAll(async () => {
    await Promise.all(opened.map((cache) => cache.close()));
    await server.remove();
  });

  const empty = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((cache) => cache.close()));
    const connection = await createConnection(server.url);
    await connection.query('DROP TABLE IF EXISTS nooble_memo');
    await connection.end();
  };
  const open = (namespace?: string): AsyncMemoCache => {
    const cache = new AsyncMemoCache(new MysqlBackend({ url: server.url, ...(namespace !== undefined && { namespace }) }), PATIENT);
    opened.push(cache);
    return cache;
  };

  keepsTheContract('MySQL', {
    open: (options) => {
      const cache = new AsyncMemoCache(new MysqlBackend({ url: server.url }), { ...PATIENT, ...options });
      opened.push(cache);
      return cache;
    },
    empty,
    isPersistent: true,
  });

  it('has a batch in few statements, however large it is', async () => {
    await empty();
    const cache = open();
    const runs: number[] = [];
    const f = cache.batchMemoize((items: readonly number[]) => (runs.push(items.length), items.map((item) => ({ item, text: 'ü'.repeat(9_000) }))), { name: 'f' });
    await f([1, 2, 3]);
    const items = Array.from({ length: 600 }, (_, i) => 599 - i);
    expect((await f(items)).map(({ item }) => item)).toEqual(items);
    expect([(await f(items)).length, runs, cache.stats.backendFailures, await cache.size()]).toEqual([600, [3, 597], 0, 600]);
  });

  it('has a part of the table for each namespace, names that differ in case included', async () => {
    await empty();
    const [lower, upper] = [open('a'), open('A')];
    await Promise.all([lower.set('f', {}, { output: 1 }), upper.set('f', {}, { output: 2 })]);
    await lower.clear();
    expect([await lower.size(), await upper.get('f')]).toEqual([0, 2]);
  });

  it('is looked at and cleared from the command line, which does not make the table', async () => {
    await empty();
    const memo = (...args: string[]): ReturnType<typeof runCommand> => runCommand(['memo', ...args, '--cache', server.url, '--namespace', 'cli']);
    expect(await memo('stats')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no table nooble_memo') });
    expect(await memo('stats')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no table nooble_memo') });
    const cache = open('cli');
    for (let x = 0; x < 60; x++) await cache.set('f', { x }, { output: x });
    expect((await memo('stats')).stdout).toMatch(/^f +60 +0 +0 +3\.\d kB +– +–$/m);
    expect((await memo('export')).stdout.trimEnd().split('\n').map((line) => Number(entryOfText(line).output)).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, x) => x));
    expect(await memo('clear', '--function', 'f', '--yes')).toEqual({ code: 0, stdout: '60 entries removed.\n', stderr: '' });
    await open('others').set('g', {}, { output: 1 });
    expect((await memo('inspect')).stdout).toContain('but in "others"');
  });
});
