import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAgent } from '../factories/agent.js';
import { ApiClient } from '../support/api-client.js';
import { freePort } from '../support/free-port.js';
import { waitFor } from '../support/wait-for.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(import.meta.dirname, '../support/start-process-main.mjs');
const WITHIN_MS = 60_000;

interface Recorded {
  readonly host: number;
  readonly services: readonly { readonly pid: number; readonly mark: string }[];
}

/** `npm start` on data of its own. */
describe('the start command', () => {
  let start: ChildProcess;
  let dataDir: string;
  let output: string;
  let acme: ApiClient;

  beforeEach(async () => {
    output = '';
    dataDir = join(ROOT, '.nooble', `test-start-${String(process.pid)}-${String(Date.now())}`);
    const port = await freePort();
    const { DATABASE_URL: _, REDIS_URL: __, ...environment } = process.env;
    start = spawn(process.execPath, [MAIN, dataDir], { env: { ...environment, PORT: String(port), SHUTDOWN_GRACE_SECONDS: '3', LOG_LEVEL: 'silent' }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [start.stdout, start.stderr]) stream?.on('data', (bytes: Buffer) => (output += bytes.toString()));
    acme = new ApiClient(`http://127.0.0.1:${String(port)}`, { 'x-tenant-id': 'acme', 'x-tenant-tier': 'enterprise' });
    await said(/✓ Nooble listens on/);
  }, 2 * WITHIN_MS);
  afterEach(async () => {
    if (start.exitCode === null) start.kill('SIGTERM');
    await ended();
  }, WITHIN_MS);

  const said = async (words: RegExp): Promise<void> => {
    await waitFor(`"${String(words)}"; it said: ${output}`, () => words.test(output), WITHIN_MS);
  };
  const ended = async (): Promise<number | null> => {
    await waitFor('the end', () => start.exitCode !== null || start.signalCode !== null, WITHIN_MS);
    return start.exitCode;
  };
  const recorded = (): Recorded => JSON.parse(readFileSync(join(dataDir, 'services.json'), 'utf8')) as Recorded;
  const pidOf = (isIt: (mark: string) => boolean): number => recorded().services.find(({ mark }) => isIt(mark))!.pid;
  const isRedis = (mark: string): boolean => mark.startsWith('127.0.0.1:');
  const agentNames = async (): Promise<string[]> => {
    const { status, body } = await acme.get<{ data: { name: string }[] }>(`/api/v1/agents?limit=50&tag=${String(Math.random()).slice(2)}`);
    return status === 200 ? body.data.map(({ name }) => name) : ['away'];
  };

  it.each([
    ['Redis', isRedis],
    ['PostgreSQL', (mark: string) => !isRedis(mark)],
  ])('says that its %s has ended, and starts it again with its data', async (name, isIt) => {
    const agentId = await createAgent(acme);
    const { body } = await acme.post<{ conversationId: string }>('/api/v1/conversations', { agentId });
    process.kill(pidOf(isIt), 'SIGKILL');
    await said(new RegExp(`nooble: ${name} \\(process \\d+\\) has ended; it is started again with its data\\.`));
    await said(new RegExp(`nooble: ${name} is back \\(process \\d+\\)\\.`));
    await waitFor('the answers', async () => (await acme.get('/health/ready')).status === 200, WITHIN_MS);
    await waitFor('the list', async () => !(await agentNames()).includes('away'), WITHIN_MS);
    expect((await acme.get(`/api/v1/agents/${agentId}`)).status).toBe(200);
    expect((await acme.get(`/api/v1/conversations/${body.conversationId}`)).status).toBe(200);
  }, 2 * WITHIN_MS);

  it('stops with a clear word when who keeps the services is killed, and leaves none of them', async () => {
    const { host, services } = recorded();
    process.kill(host, 'SIGKILL');
    expect(await ended()).toBe(1);
    expect(output).toContain('✗ PostgreSQL and Redis have ended, so the server is stopped, too. What was acknowledged is kept: start again.');
    for (const { pid } of services) expect(isAlive(pid)).toBe(false);
  }, 2 * WITHIN_MS);

  it('says that the server was killed', async () => {
    process.kill(serverOf(start.pid!), 'SIGKILL');
    expect(await ended()).toBe(1);
    expect(output).toContain('✗ The server was ended by SIGKILL (kill -9, or the system had no memory left)');
  }, 2 * WITHIN_MS);

  it('says what it waits for when it is stopped during a turn', async () => {
    const agentId = await createAgent(acme);
    const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${agentId}/executions`, { message: '@hang' });
    await waitFor('the run', async () => (await acme.get<{ status: string }>(`/api/v1/executions/${body.executionId}`)).body.status === 'running');
    start.kill('SIGINT');
    expect(await ended()).toBe(0);
    expect(output).toContain('Stopping. Turns that are running have 3 s to end; what is not done then goes back to its queue');
  }, 2 * WITHIN_MS);
});

function isAlive(pid: number): boolean {
  const stat = `/proc/${String(pid)}/stat`;
  return existsSync(stat) && !readFileSync(stat, 'utf8').includes(') Z ');
}

/** The server is the child of the guard, which is a child of the command. */
function serverOf(command: number): number {
  const guard = childrenOf(command).find((pid) => commandLine(pid).includes('guard.mjs'));
  return childrenOf(guard!)[0]!;
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ').filter((text) => text !== '').map(Number);
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
}
