import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { JsonFileBackend, MemoCache } from '../../src/shared/memo/index.js';
import { type CliEnd, runCli, runScript } from '../support/cli-process.js';
import { runCommand } from '../support/command-line.js';
import { Conversations } from '../support/conversations.js';
import { Migration } from '../support/migration.js';
import { createEmptyDatabase, redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

let nooble: TestApp;
let all: Conversations;
let tenant: string;
let tenants = 0;

/** `npm run nooble -- migrate …` on the stores of this file. */
const migrate = (...args: string[]): Promise<CliEnd> => runCommand(['migrate', ...args], 100, { DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl, MIGRATION_RELEASE_SECONDS: '0' });
const json = async (...args: string[]): Promise<Record<string, unknown> & { code: number | null }> => {
  const { code, stdout, stderr } = await migrate(...args, '--json');
  expect(stderr).toBe('');
  expect(stdout.trimEnd()).not.toContain('\n');
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
};
const begun = async (...texts: string[]): Promise<string> => {
  const conversationId = await all.begin();
  for (const text of texts) await all.say(conversationId, text);
  return conversationId;
};

beforeAll(async () => {
  nooble = await startTestApp({ NOOBLE_ROLE: 'api' });
});
beforeEach(() => {
  tenant = `tenant-${String(++tenants)}`;
  all = new Conversations(nooble.client(tenant));
});
afterAll(async () => {
  await nooble.close();
});

describe('migrate run', () => {
  it('moves everything now, also while the loop is stopped; and then there is nothing to do', async () => {
    const [active, closed] = [await begun('one', 'two'), await begun('three')];
    await all.close(closed);
    expect(await json('stop')).toMatchObject({ code: 0, status: 'stopped', changed: true, moving: 0 });
    expect(await json('run', '--tenant', tenant)).toEqual({ code: 0, conversations: 2, movedMessages: 3, failures: [] });
    expect(await all.get(active)).toMatchObject({ status: 'active', storage: 'both' });
    expect(await all.get(closed)).toMatchObject({ status: 'transferred', storage: 'cold' });
    expect(await json('run', '--tenant', tenant)).toMatchObject({ code: 0, movedMessages: 0 });
    expect(await migrate('start')).toMatchObject({ code: 0, stdout: 'The loop is running; 0 moves are running.\n' });
  });

  it('goes on after a failure, names it, and exits with 1', async () => {
    const [bad, good] = [await begun('one'), await begun('two')];
    await json('run', '--tenant', tenant);
    // Neither store has its first message any more.
    await nooble.redis.multi().lpop(keys.messages(tenant, bad)).hset(keys.conversation(tenant, bad), 'firstHotSeq', 2).exec();
    await nooble.database.query('DELETE FROM messages WHERE conversation_id = $1', [bad]);
    await nooble.database.query('UPDATE conversations SET archived_seq = 0 WHERE conversation_id = $1', [bad]);
    for (const conversationId of [bad, good]) await all.say(conversationId, 'more');
    expect(await json('run', '--tenant', tenant)).toMatchObject({ code: 1, conversations: 2, movedMessages: 1, failures: [{ tenantId: tenant, conversationId: bad, code: 'ARCHIVE_BEHIND' }] });
    expect((await migrate('run', '--tenant', tenant)).stdout).toContain(`${tenant} ${bad} ARCHIVE_BEHIND`);
  });
});

describe('migrate stats', () => {
  it('says the same as REST, for machines and for people', async () => {
    await begun('one');
    await json('run', '--tenant', tenant);
    const { code, ...stats } = await json('stats', '--tenant', tenant);
    expect(code).toBe(0);
    expect(stats).toMatchObject({ ...(await new Migration(nooble.client(tenant)).stats(`?tenantId=${tenant}`)), intervalSeconds: 60, migrations: { completed: 1 } });
    const { stdout } = await migrate('stats');
    expect(stdout).toMatch(/^tenant +\(all\)$/m);
    expect(stdout).toMatch(/^retention +off, 0 to archive, 0 to erase$/m);
  });
});

describe('migrate verify', () => {
  it('finds everything as it was moved, and a forged or a missing message', async () => {
    const [first, second] = [await begun('one', 'two'), await begun('three')];
    await json('run', '--tenant', tenant);
    expect(await json('verify', '--tenant', tenant)).toEqual({ code: 0, tenantId: tenant, ranges: 2, messages: 3, deleted: 0, faults: [] });
    await nooble.database.query("UPDATE messages SET content = 'forged' WHERE conversation_id = $1 AND seq = 2", [first]);
    expect(await json('verify', '--tenant', tenant)).toMatchObject({ code: 1, ranges: 2, faults: [{ conversationId: first, fromSeq: 1, toSeq: 2 }] });
    await nooble.database.query('DELETE FROM messages WHERE conversation_id = $1', [second]);
    const { code, stdout } = await migrate('verify', '--tenant', tenant);
    expect(code).toBe(1);
    expect(stdout).toContain('2 differ');
    expect(stdout).toContain(`${second} messages 1–1`);
  });

  it('says nothing against a conversation that was deleted', async () => {
    const conversationId = await begun('one');
    await json('run', '--tenant', tenant);
    await nooble.client(tenant).delete(`/api/v1/conversations/${conversationId}`);
    expect(await json('verify', '--tenant', tenant)).toMatchObject({ code: 0, ranges: 0, deleted: 1, faults: [] });
  });
});

describe('migrate hot', () => {
  it('brings a conversation at rest back to Redis', async () => {
    const conversationId = await begun('one', 'two');
    await all.close(conversationId);
    await json('run', '--tenant', tenant);
    expect(await all.get(conversationId)).toMatchObject({ storage: 'cold' });
    for (let times = 0; times < 2; times++) expect(await json('hot', conversationId, '--tenant', tenant)).toEqual({ code: 0, conversationId, status: 'transferred', storage: 'both', messageCount: 2 });
    expect(await all.get(conversationId)).toMatchObject({ storage: 'both' });
    expect((await all.page(conversationId, 'after=0')).data.map(({ content }) => content)).toEqual(['one', 'two']);
  });
});

describe('memo', () => {
  it('on files needs no services, not even their addresses', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nooble-memo-cli-'));
    new MemoCache(new JsonFileBackend(folder)).set('f', { x: 1 }, { output: 2 });
    // Whoever looks at these addresses fails.
    const nowhere = { DATABASE_URL: 'none', REDIS_URL: 'none' };
    const { code, stdout, stderr } = await runScript(nowhere, 'memo', 'inspect', '--cache', `json:${folder}`, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ entries: [{ func: 'f', inputs: { x: 1 }, output: 2 }], more: 0 });
    expect(await runScript(nowhere, 'memo', 'stats', '--cache', 'redis', '--tenant', 'acme')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('REDIS_URL') });
    rmSync(folder, { recursive: true });
  });
});

describe('a command that cannot be done', () => {
  it.each([
    ['another tenant’s conversation', ['hot', newId(), '--tenant', 'nobody'], 1, 'There is no conversation'],
    ['an id that is none', ['hot', 'x', '--tenant', 'a'], 2, "'x' is invalid for argument 'conversationId'. It must be a UUID."],
    ['a tenant that is not there', ['verify', '--tenant', 'nobody'], 1, 'There is no tenant "nobody"'],
    ['a tenant that cannot be one', ['stats', '--tenant', 'a:b'], 2, "argument 'a:b' is invalid. It must match"],
    ['a missing option', ['verify'], 2, "required option '--tenant <id>' not specified"],
    ['an unknown option', ['run', '--fast'], 2, "unknown option '--fast'"],
    ['an unknown command', ['fly'], 2, 'fly'],
    ['no command', [], 2, 'Usage'],
  ])('(%s) says why, without a stack', async (_, args, code, message) => {
    const end = await migrate(...args);
    expect(end).toMatchObject({ code, stdout: '' });
    expect(end.stderr).toContain(message);
    expect(end.stderr).not.toMatch(/^ +at /m);
  });

  it('says which settings or services are missing', async () => {
    expect(await runCli({}, 'migrate', 'stats')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('DATABASE_URL') });
  });

  it('begins with the schema, as the server does', async () => {
    const empty = await createEmptyDatabase();
    try {
      const end = await runCli({ DATABASE_URL: empty.url, REDIS_URL: redisUrl }, 'migrate', 'stats', '--json');
      expect(end).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(end.stdout)).toMatchObject({ tenantId: null, lagSeconds: 0, retention: { isEnabled: false, archivable: 0, erasable: 0 } });
    } finally {
      await empty.drop();
    }
  });

  it('helps', async () => {
    const { code, stdout } = await migrate('--help');
    expect(code).toBe(0);
    for (const name of ['run', 'stats', 'verify', 'hot', 'start', 'stop']) expect(stdout).toContain(name);
  });
});
