import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AsyncMemoCache, CacheEntry, DiskBackend, JsonFileBackend, PostgresBackend, RedisBackend, SqliteBackend, entryOfText } from '../../src/shared/memo/index.js';
import type { CliEnd } from '../support/cli-process.js';
import { runCommand } from '../support/command-line.js';
import { type TestDatabase, createEmptyDatabase, emptyRedis, redisUrl } from '../support/services.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const root = mkdtempSync(join(tmpdir(), 'nooble-memo-commands-'));
let database: TestDatabase;
let redis: Redis;

beforeAll(async () => {
  [database, redis] = [await createEmptyDatabase(), await emptyRedis()];
  process.env['REDIS_URL'] = redisUrl;
});
afterAll(async () => {
  await database.drop();
  redis.disconnect();
  rmSync(root, { recursive: true, force: true });
});

const memo = (...args: string[]): Promise<CliEnd> => runCommand(['memo', ...args]);
const json = async <T = Record<string, unknown>>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await memo(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};

const HOUR_MS = 3_600_000;
const ESCAPE = '\u001b[31mred\u009b2J\u202e\u2028\ud800';
const UGLY = new CacheEntry({ func: `f${ESCAPE}`, inputs: { [ESCAPE]: new Date(0), big: 5n }, output: new Map([[ESCAPE, new Uint8Array([0, 255])]]) });

/** 30 of `add`, one of them annotated; one that ends, one that has ended, and one that would garble a terminal. */
async function fill(cache: AsyncMemoCache): Promise<void> {
  await cache.set('old', {}, { output: 1, metadata: { expiresAt: Date.now() - 1 } });
  await cache.set('soon', { id: 'a' }, { output: 'x'.repeat(1_000), metadata: { expiresAt: Date.now() + HOUR_MS } });
  for (let x = 0; x < 30; x++) await cache.set('add', { x, y: 1 }, { output: x + 1 });
  await cache.annotate('add', { x: 3, y: 1 }, { expected: 5 });
  await cache.set(UGLY);
}

async function filled(backend: ConstructorParameters<typeof AsyncMemoCache>[0]): Promise<void> {
  const cache = new AsyncMemoCache(backend);
  await fill(cache);
  await cache.close();
}

let folders = 0;
async function filledFolder(): Promise<{ folder: string; cache: string }> {
  const folder = join(root, String(++folders));
  await filled(new JsonFileBackend(folder));
  return { folder, cache: `json:${folder}` };
}

describe.each<[string, () => Promise<string[]>, number]>([
  ['JSON files', async () => ['--cache', (await filledFolder()).cache], 1],
  ['the disk', async () => {
    await filled(new DiskBackend({ folder: join(root, 'disk') }));
    return ['--cache', `disk:${join(root, 'disk')}`];
  }, 1],
  ['SQLite', async () => {
    await filled(new SqliteBackend({ file: join(root, 'c.db'), namespace: 'reports' }));
    return ['--cache', `sqlite:${join(root, 'c.db')}`, '--namespace', 'reports'];
  }, 1],
  ['PostgreSQL', async () => {
    await filled(new PostgresBackend({ url: database.url }));
    return ['--cache', database.url];
  }, 1],
  // What has ended is not there any more, and everything ends within a day.
  ['Redis', async () => {
    await filled(new RedisBackend(redis, { tenantId: 'acme', namespace: 'answers' }));
    return ['--cache', 'redis', '--tenant', 'acme', '--namespace', 'answers'];
  }, 0],
])('a cache in %s', (name, make, expired) => {
  let place: string[];
  beforeAll(async () => {
    place = await make();
  });

  it('is counted', async () => {
    const { functions, total, damaged } = await json<{ functions: { func: string }[]; total: { lastExpiresAt: number }; damaged: number }>('stats', ...place);
    expect(damaged).toBe(0);
    expect(functions.map(({ func }) => func)).toEqual(['add', UGLY.func, ...(expired === 1 ? ['old'] : []), 'soon']);
    expect(functions[0]).toMatchObject({ entries: 30, annotated: 1, expired: 0, sizeBytes: expect.any(Number) });
    expect(total).toMatchObject({ entries: 32 + expired, annotated: 1, expired });
    expect(total.lastExpiresAt).toBeGreaterThan(Date.now() + HOUR_MS / 2);
  });

  it('is looked at, the newest 20 unless one asks for more, and whole by its key', async () => {
    const { entries, more } = await json<{ entries: { key: string; func: string }[]; more: number }>('inspect', ...place);
    expect([entries.length, more]).toEqual([20, 12 + expired]);
    if (name !== 'JSON files' && name !== 'Redis') expect(entries[0]!.func).toBe(UGLY.func);
    const added = await json<{ entries: object[]; more: number }>('inspect', ...place, '--function', 'add', '--limit', '25');
    expect([added.entries.length, added.more]).toEqual([25, 5]);
    const { key, key: { length } } = entries[0]!;
    expect(await json('inspect', ...place, '--key', key.slice(0, length - 1))).toEqual(entries[0]);
  });

  it('is exported, and what was exported is imported by entryOfText', async () => {
    const { code, stdout, stderr } = await memo('export', ...place);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const entries = stdout.trimEnd().split('\n').map(entryOfText);
    expect(entries).toHaveLength(32);
    expect(entries.find(({ func }) => func === UGLY.func)?.equals(UGLY)).toBe(true);
    expect(entries.find(({ expected }) => expected === 5)?.inputs).toEqual({ x: 3, y: 1 });
  });

  it('loses what is named, and nothing before --yes', async () => {
    const would = await memo('clear', ...place, '--function', 'soon');
    expect(would).toEqual({ code: 1, stdout: '1 entry would go: those of "soon". Nothing has been removed; --yes does it.\n', stderr: '' });
    expect(await json('clear', ...place, '--function', 'soon', '--yes')).toMatchObject({ matching: 1, removed: 1 });
    expect(await json('clear', ...place, '--expired', '--yes')).toMatchObject({ removed: expired });
    expect(await json('clear', ...place, '--key', UGLY.key.toString(), '--yes')).toMatchObject({ removed: 1 });
    expect(await json('stats', ...place)).toMatchObject({ functions: [{ func: 'add', entries: 30 }] });
    expect(await memo('clear', ...place, '--all', '--yes')).toEqual({ code: 0, stdout: '30 entries removed.\n', stderr: '' });
    expect(await json('stats', ...place)).toMatchObject({ functions: [], total: { entries: 0, firstExpiresAt: null } });
  });
});

describe('a terminal', () => {
  it('is shown tables that fit, without anything that it would obey', async () => {
    const { cache } = await filledFolder();
    for (const command of [['inspect', '--limit', '40'], ['stats'], ['inspect', '--key', UGLY.key.toString()], ['export']]) {
      for (const columns of [80, 200]) {
        const { code, stdout } = await runCommand(['memo', ...command, '--cache', cache], columns);
        expect(code).toBe(0);
        expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        if (command[0] === 'inspect' && command.length === 3 && command[1] === '--limit') for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
    const { stdout } = await memo('inspect', '--cache', cache, '--function', 'soon');
    expect(stdout).toMatch(/^KEY +FUNCTION +INPUTS +OUTPUT +ANNOT\. +EXPIRES +SIZE\n\d{10} +soon +\{ id: 'a' \} +'x{20,}… {3,}in 60 min {2}1\.1 kB\n$/);
    expect((await memo('inspect', '--cache', cache, '--key', '0')).stderr).toMatch(/^nooble: --key: 33 keys begin with 0, such as \d{40}, .*Give more digits\.\n$/);
  });
});

describe('a file of an export', () => {
  it('appears whole, or not at all', async () => {
    const { folder, cache } = await filledFolder();
    const out = join(root, 'all.ndjson');
    expect(await json('export', '--cache', cache, '--out', out)).toMatchObject({ entries: 32, expired: 1 });
    expect(readFileSync(out, 'utf8').trimEnd().split('\n').map(entryOfText)).toHaveLength(32);
    const missing = await memo('export', '--cache', cache, '--out', join(root, 'nowhere', 'x'));
    expect(missing).toEqual({ code: 1, stdout: '', stderr: `nooble: --out ${join(root, 'nowhere', 'x')} cannot be written: there is no folder ${join(root, 'nowhere')}.\n` });
    mkdirSync(join(root, 'taken'));
    expect(await memo('export', '--cache', cache, '--out', join(root, 'taken'))).toEqual({ code: 1, stdout: '', stderr: expect.not.stringContaining('.tmp') });
    expect(readdirSync(root).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });
});

describe('an entry that cannot be read', () => {
  it('is said to be there, and stays as it is until it is cleared', async () => {
    const { folder, cache } = await filledFolder();
    const [file = ''] = readdirSync(folder);
    writeFileSync(join(folder, file), '{');
    for (const command of ['stats', 'inspect', 'export']) {
      const { code, stdout, stderr } = await memo(command, '--cache', cache);
      expect([code, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining(`1 entry cannot be read, and so is a miss: ${join(folder, file)}.`)]);
    }
    expect(readdirSync(folder)).toContain(file);
    const key = file.slice(0, 40);
    expect((await memo('inspect', '--cache', cache, '--key', key)).stderr).toContain('clear --key removes it');
    expect(await json('clear', '--cache', cache, '--key', key, '--yes')).toMatchObject({ removed: 1 });
    expect((await memo('stats', '--cache', cache)).code).toBe(0);
  });
});

describe('a place', () => {
  it.each([
    ['folder', 'json:%/none'],
    ['file', 'disk:%/none'],
    ['file', 'sqlite:%/none'],
    ['table', 'sqlite:%/other.db'],
  ])('that is no %s is an error, and is not made: %s', async (what, form) => {
    new DiskBackend({ folder: root }).close();
    rmSync(join(root, 'other.db'), { force: true });
    writeFileSync(join(root, 'other.db'), '');
    const before = readdirSync(root);
    const { code, stderr } = await memo('inspect', '--cache', form.replace('%', root));
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^nooble: There is no ${what} .*: nothing was ever kept there`))]);
    expect(readdirSync(root)).toEqual(before);
  });

  it.each(['inspect', 'stats', 'export', 'clear'])('that is a folder of something else is an error of %s; one that is empty, or has nothing but a damaged entry, is none', async (command) => {
    const folder = mkdtempSync(join(root, 'foreign-'));
    const at = (): Promise<CliEnd> => memo(command, '--cache', `json:${folder}`, ...(command === 'clear' ? ['--all', '--yes'] : []));
    writeFileSync(join(folder, '.keep'), '');
    expect(await at()).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'README.md'), '');
    expect(await at()).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(`There is no memo cache of JSON files in folder ${folder}: none of the files there is an entry, whose name is 40 digits and .json. Name`) });
    writeFileSync(join(folder, `${'1'.repeat(40)}.json.damaged`), '');
    expect(await at()).toMatchObject({ code: 0 });
  });

  it('that is a Redis which takes connections and answers nothing is given up, and the way on named', async () => {
    const proxy = await TcpProxy.inFrontOf(Number(new URL(redisUrl).port));
    proxy.swallow();
    const place = `redis://127.0.0.1:${String(proxy.port)}`;
    expect(await memo('stats', '--cache', place, '--tenant', 'acme')).toEqual({ code: 1, stdout: '', stderr: `nooble: ${place} cannot be used: it has not answered within 2 s. Look whether Redis runs there and answers (redis-cli -u <url> ping), or name another one by --cache or REDIS_URL.\n` });
    await proxy.close();
  });

  it('in PostgreSQL without the table is an error, and has none afterwards', async () => {
    await database.query('DROP TABLE IF EXISTS nooble_memo');
    expect(await memo('stats', '--cache', database.url)).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no table nooble_memo') });
    expect(await database.query("SELECT 1 FROM pg_tables WHERE tablename = 'nooble_memo'")).toEqual([]);
  });

  it.each([
    ['postgres://me:s3cret-pass@127.0.0.1:1/db', 'postgres://127.0.0.1:1/db cannot be used'],
    ['mysql://me:s3cret-pass@127.0.0.1:1/db', 'mysql://127.0.0.1:1/db cannot be used'],
    ['redis://me:s3cret-pass@127.0.0.1:1', 'redis://127.0.0.1:1 cannot be used'],
  ])('that does not answer is named without its password: %s', async (cache, message) => {
    const { code, stderr } = await memo('stats', '--cache', cache, ...(cache.startsWith('redis') ? ['--tenant', 'acme'] : []));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).not.toContain('s3cret');
  });

  it('that is empty says in which namespaces there is something', async () => {
    await new AsyncMemoCache(new RedisBackend(redis, { tenantId: 'acme', namespace: 'tools' })).set('f', {}, { output: 1 });
    const sentence = 'There are no entries in this namespace, but in "tools": --namespace says which.';
    expect(await memo('stats', '--cache', redisUrl, '--tenant', 'acme')).toEqual({ code: 0, stdout: `${sentence}\n`, stderr: '' });
    expect(await memo('export', '--cache', 'redis', '--tenant', 'acme')).toEqual({ code: 0, stdout: '', stderr: `nooble: ${sentence}\n` });
    expect((await memo('stats', '--cache', redisUrl, '--tenant', 'other')).stdout).toBe('The tenant "other" has no entries, in no namespace.\n');
  });

  it('names none in which everything has expired, itself neither', async () => {
    await redis.flushdb();
    for (const namespace of ['answers', 'tools']) await new AsyncMemoCache(new RedisBackend(redis, { tenantId: 'acme', namespace })).set('f', {}, { metadata: { expiresAt: Date.now() + 200 }, output: 1 });
    await waitFor('their end', async () => (await memo('inspect', '--cache', 'redis', '--tenant', 'acme', '--namespace', 'tools')).stdout === 'The tenant "acme" has no entries, in no namespace.\n');
    await new AsyncMemoCache(new RedisBackend(redis, { tenantId: 'acme', namespace: 'answers' })).set('f', {}, { output: 1 });
    expect((await memo('stats', '--cache', 'redis', '--tenant', 'acme', '--namespace', 'tools')).stdout).toBe('There are no entries in this namespace, but in "answers": --namespace says which.\n');
  });

  it('without anything that is to be cleared says so', async () => {
    const folder = join(root, 'fresh');
    await new AsyncMemoCache(new JsonFileBackend(folder)).set('f', {}, { output: 1 });
    expect((await memo('clear', '--cache', `json:${folder}`, '--expired', '--yes')).stdout).toBe('Nothing is removed: no entry has expired.\n');
    expect((await memo('clear', '--cache', `json:${folder}`, '--function', 'f', '--expired')).stdout).toBe('Nothing is removed: no entry of "f" has expired.\n');
    expect((await memo('clear', '--cache', `json:${folder}`, '--function', 'g')).stdout).toBe('Nothing is removed: no entry of "g" is there.\n');
  });
});

describe('a command that is misused', () => {
  it.each([
    [['inspect'], "required option '--cache <place>' not specified"],
    [['inspect', '--cache', 'x'], '--cache begins with the kind of cache'],
    [['inspect', '--cache', 'redis'], '--tenant is missing'],
    [['inspect', '--cache', 'json:x', '--key', 'k'], 'It must be 1 to 40 digits'],
    [['stats', '--cache', 'sqlite:x', '--namespace', 'a b'], 'A namespace is 1 to 100'],
    [['stats', '--cache', 'json:x', '--caches=postgres://me:s3cret@h'], "unknown option '--caches=postgres://[secret]@h'"],
    [['clear', '--cache', 'json:x'], 'say what is to go: --all'],
    [['clear', '--cache', 'json:x', '--all', '--expired'], "'--all' cannot be used with option '--expired'"],
    [['export', '--cache', 'json:x', '--out', ''], 'It must be the name of a file'],
    [['fly'], "unknown command 'fly'"],
    [[], 'Usage'],
  ])('%j says why', async (args, message) => {
    expect(await memo(...args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});
