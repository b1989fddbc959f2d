import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { CliEnd } from '../support/cli-process.js';
import { runCommand } from '../support/command-line.js';
import { ADMIN_KEY, Keyring, type ShownKey } from '../support/keyring.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

// Each command starts the whole server's parts.
jest.setTimeout(120_000);

let nooble: TestApp;
let ring: Keyring;
beforeAll(async () => {
  nooble = await startTestApp({ AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY, NOOBLE_ROLE: 'api' });
  ring = new Keyring(nooble.url);
});
afterAll(async () => {
  await nooble.close();
});

const cli = (...args: string[]): Promise<CliEnd> => runCommand(args, 100, { DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl });
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await cli(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};
const opens = async (key: string): Promise<number> => (await ring.as(key).get('/api/v1/agents')).status;

describe('the command line', () => {
  it('makes a tenant and a key that works at once, rotates it and revokes it, and a running server knows', async () => {
    const { code, stdout } = await cli('tenants', 'create', 'Acme', '--id', 'acme', '--tier', 'professional');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^TENANT +NAME +TIER +STATE +CREATED\nacme +Acme +professional +on +\d{4}-\S+\n$/) });
    const created = await json<ShownKey>('keys', 'create', 'backend', '--tenant', 'acme', '--scopes', 'user,agent');
    expect(await opens(created.key)).toBe(200);
    const { stdout: shown } = await cli('keys', 'rotate', created.keyId);
    expect(shown).toContain('nothing shows it again');
    const [second = ''] = /^nk_\S{43}$/m.exec(shown) ?? [];
    await waitFor('the end of the first secret', async () => (await opens(created.key)) === 401);
    expect(await opens(second)).toBe(200);
    const { stdout: listed } = await cli('keys', 'list', '--tenant', 'acme');
    expect(listed).toMatch(new RegExp(`^${created.keyId} +backend +user,agent +active +\\S+ +never$`, 'm'));
    expect(listed).not.toContain(second);
    expect(await json('keys', 'revoke', created.keyId)).toMatchObject({ keyId: created.keyId, status: 'revoked' });
    await waitFor('the end of the key', async () => (await opens(second)) === 401);
  });

  it('lists tenants and switches them off', async () => {
    await json('tenants', 'create', 'Short', '--id', 'short');
    const { key } = await json<ShownKey>('keys', 'create', 'x', '--tenant', 'short', '--scopes', 'agent', '--expires', '2999-01-01T00:00:00Z');
    expect(await opens(key)).toBe(200);
    expect(await json('tenants', 'update', 'short', '--deactivate', '--tier', 'basic')).toMatchObject({ isActive: false, tier: 'advance' });
    await waitFor('the end', async () => (await opens(key)) === 401);
    expect(await json('tenants', 'list', '--inactive')).toMatchObject({ total: 1, data: [{ tenantId: 'short' }] });
    expect((await cli('tenants', 'list', '--limit', '1')).stdout).toMatch(/^1 of 2; the next with --cursor \S+$/m);
    expect(await json('tenants', 'update', 'short', '--activate')).toMatchObject({ isActive: true });
  });

  it.each([
    ['an unknown scope', ['keys', 'create', 'x', '--tenant', 'acme', '--scopes', 'user,god'], 2, 'user, agent, internal, operator, admin'],
    ['no scope', ['keys', 'create', 'x', '--tenant', 'acme'], 2, '--scopes'],
    ['a tier that is none', ['tenants', 'create', 'x', '--tier', 'gold'], 2, 'free, advance, professional, enterprise'],
    ['nothing to change', ['tenants', 'update', 'acme'], 2, 'nothing to change'],
    ['both at once', ['tenants', 'update', 'acme', '--activate', '--deactivate'], 2, 'cannot be used with'],
    ['an overlap that is none', ['keys', 'rotate', newId(), '--overlap', 'x'], 2, 'whole number'],
    ['a time that is none', ['keys', 'create', 'x', '--tenant', 'acme', '--scopes', 'user', '--expires', 'soon'], 2, '2030-01-31T12:00:00Z'],
    ['a time that is over', ['keys', 'create', 'x', '--tenant', 'acme', '--scopes', 'user', '--expires', '2020-01-31T12:00:00Z'], 2, 'in the future'],
    ['a key that is not there', ['keys', 'revoke', newId()], 1, '"keys list --tenant <id>" shows those of a tenant.'],
    ['a tenant that is not there', ['tenants', 'update', 'nobody', '--name', 'x'], 1, 'There is no tenant "nobody"; "tenants list" shows those there are, "tenants create" makes one.'],
    ['a tenant that is there', ['tenants', 'create', 'x', '--id', 'acme'], 1, 'There is a tenant "acme" already; choose another --id'],
  ])('(%s) says what is wrong, without a stack', async (_, args, code, message) => {
    const end = await cli(...args);
    expect(end).toMatchObject({ code, stdout: '' });
    expect(end.stderr).toContain(message);
    expect(end.stderr).not.toMatch(/^ +at /m);
  });
});

describe('npm run nooble', () => {
  const SCRIPTS = join(import.meta.dirname, '../../scripts');
  /** Runs a module of scripts/ that says where its services are. */
  const joined = async (dir: string, environment: Record<string, string> = {}): Promise<{ code: number | null; output: string }> => {
    const code = `import { joinServices } from ${JSON.stringify(join(SCRIPTS, 'running-services.mjs'))};
      try { const { databaseUrl, redisUrl } = await joinServices({ dataDir: ${JSON.stringify(dir)}, persistent: true }); console.log(databaseUrl, redisUrl); } catch (error) { console.log(error.message); process.exit(1); }`;
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env: { PATH, ...environment } });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    return { code: await new Promise<number | null>((resolve) => child.once('close', resolve)), output: output.trim() };
  };

  it('uses the services of a running instance, or says which address it lacks', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nooble-join-'));
    // Whose command line says that it is one.
    const host = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', 'services-host.mjs'], { stdio: 'ignore' });
    try {
      const record = (urls: string[]): Promise<void> => writeFile(join(dir, 'services.json'), JSON.stringify({ host: host.pid, services: [], urls }));
      await record(['postgresql://a:b@127.0.0.1:1/a', 'redis://127.0.0.1:2']);
      expect(await joined(dir)).toEqual({ code: 0, output: 'postgresql://a:b@127.0.0.1:1/a redis://127.0.0.1:2' });
      expect(await joined(dir, { REDIS_URL: 'redis://elsewhere:3' })).toEqual({ code: 0, output: 'postgresql://a:b@127.0.0.1:1/a redis://elsewhere:3' });
      await record(['redis://127.0.0.1:2']);
      expect(await joined(dir)).toMatchObject({ code: 1, output: expect.stringContaining('set DATABASE_URL to what it uses') });
    } finally {
      host.kill('SIGKILL');
      await rm(dir, { recursive: true });
    }
  });

  it('helps without any service', async () => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(SCRIPTS, 'nooble.mjs'), 'keys', '--help'], { env: { PATH, DATABASE_URL: 'postgres://127.0.0.1:9/none', REDIS_URL: 'redis://127.0.0.1:9' } });
    let output = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    expect(await new Promise<number | null>((resolve) => child.once('close', resolve))).toBe(0);
    expect(output).toContain('rotate');
  });
});
