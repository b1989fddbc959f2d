import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import { CommandCaches } from '../../src/modules/execution/commands/command-caches.service.js';
import { CommandEvents } from '../../src/modules/execution/commands/command-events.service.js';
import { CommandRepository } from '../../src/modules/execution/commands/command.repository.js';
import { CommandWriter } from '../../src/modules/execution/commands/command-writer.service.js';
import { CommandsService } from '../../src/modules/execution/commands/commands.service.js';
import type { Command } from '../../src/modules/execution/commands/command.js';
import { toHash } from '../../src/modules/execution/event-log/execution-hash.js';
import { ExecutionEndings } from '../../src/modules/execution/execution-endings.service.js';
import type { Execution } from '../../src/modules/execution/execution.js';
import { toAppError } from '../../src/shared/errors/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { templateUrl } from '../support/services.js';
import { SqlCounter } from '../support/sql-counter.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const TENANT = 'acme';
const BREAK = "CREATE FUNCTION refuse() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''no''; END' LANGUAGE plpgsql; CREATE TRIGGER refuse BEFORE UPDATE ON commands FOR EACH ROW EXECUTE FUNCTION refuse()";
const MEND = 'DROP FUNCTION refuse CASCADE';

describe('commands and their table', () => {
  let nooble: TestApp;
  let postgres: TcpProxy;
  let sql: SqlCounter;
  let service: CommandsService;
  let caches: CommandCaches;
  let writer: CommandWriter;
  let told: [name: string, payload: object][];

  beforeEach(async () => {
    postgres = await TcpProxy.inFrontOf(Number(new URL(templateUrl).port));
    sql = new SqlCounter(postgres);
    nooble = await startTestApp({ NOOBLE_ROLE: 'api' }, { databasePort: postgres.port });
    const get = <T>(type: new (...args: never[]) => T): T => nooble.app.get(type, { strict: false });
    [service, caches, writer] = [get(CommandsService), get(CommandCaches), get(CommandWriter)];
    told = [];
    for (const name of ['statusChange', 'commandUpdated', 'commandCacheUpdated'] as const) get(CommandEvents).on(name, (...[payload]) => void told.push([name, payload]));
    await waitFor('the news', () => caches.isSound);
  });
  afterEach(async () => {
    await nooble.close();
    await postgres.close();
  });

  /** A command whose run is queued, in the table and in the cache. */
  async function made(fields: Partial<Command> = {}): Promise<Command> {
    const now = Date.now();
    const command: Command = {
      ...{ tenantId: TENANT, id: `cmd_${String(now)}_${newId().slice(-7)}`, agentId: newId(), agentBackground: 'You count.', task: 'Count', description: null, targets: [], provider: null, model: null },
      ...{ temperature: null, maxTokens: null, userId: null, callerMetadata: {}, metadata: { dbUuid: newId() }, status: 'pending', executionId: newId(), conversationId: null, sessionId: null },
      ...{ results: [], error: null, inputTokens: null, outputTokens: null, durationMs: null, createdAt: now, updatedAt: now, ...fields },
    };
    await nooble.app.get(CommandRepository, { strict: false }).insertOnce(command);
    const { agentId, executionId } = command;
    const state = { executionId, agentId, conversationId: newId(), sessionId: 's', userId: null, status: 'queued', attempt: 0, queuedAt: new Date(now) } as const;
    await nooble.redis.hset(keys.execution(TENANT, executionId), toHash(state));
    caches.keep(command);
    return command;
  }

  const endOf = ({ agentId, executionId, metadata }: Command, fields: Partial<Execution> = {}): Execution => ({
    ...{ executionId, agentId, agentVersion: 1, conversationId: newId(), sessionId: 's', userId: null, commandId: metadata.dbUuid, webhookUrl: null, status: 'completed', attempt: 1 },
    ...{ result: { messageId: 'm', seq: 2, content: 'three' }, usage: { inputTokens: 5, outputTokens: 7, totalTokens: 12 }, costMicros: null, error: null, contextSource: null, lastEventSeq: 3 },
    ...{ queuedAt: new Date(1_000), startedAt: new Date(1_100), firstTokenAt: null, endedAt: new Date(3_500), ...fields },
  });
  const tell = (execution: Execution): Promise<void> => nooble.app.get(ExecutionEndings, { strict: false }).tell(TENANT, execution);
  const rowOf = async ({ id }: Command): Promise<Record<string, unknown>> => (await nooble.database.query<Record<string, unknown>>('SELECT * FROM commands WHERE temporary_id = $1', [id]))[0] ?? {};

  it('an end is written once, in one statement, and told once', async () => {
    const command = await made();
    const execution = endOf(command);
    sql.clear();
    await tell(execution);
    expect(sql.naming('commands').filter((text) => text.startsWith('UPDATE'))).toHaveLength(1);
    await tell(execution);
    await tell(endOf(command, { status: 'failed', error: { code: 'X', message: 'x' } }));
    expect(await rowOf(command)).toMatchObject({ status: 'completed', results: [{ content: 'three' }], input_tokens: 5, output_tokens: 7, duration_ms: '2500', conversation_id: execution.conversationId, error: null });
    expect(told.map(([name]) => name)).toEqual(['commandCacheUpdated', 'statusChange', 'commandUpdated']);
    expect(told[1]![1]).toEqual({ id: command.id, dbId: command.metadata.dbUuid, status: 'completed' });
    expect(caches.find(TENANT, command.id)).toMatchObject({ status: 'completed', agentBackground: 'You count.', results: [{ content: 'three' }] });
  });

  it.each([['failed', 'failed'], ['timedOut', 'failed'], ['cancelled', 'cancelled']] as const)('a run that ended as %s makes it %s', async (status, expected) => {
    const command = await made();
    await tell(endOf(command, { status, error: { code: 'X', message: 'x' }, result: null, usage: null }));
    expect(await rowOf(command)).toMatchObject({ status: expected, error: { code: 'X' }, results: [], input_tokens: null });
  });

  it('an end without a command, or with one that is deleted, is nothing', async () => {
    const command = await made();
    await service.remove(TENANT, command.id);
    await tell(endOf(command));
    await tell(endOf(command, { commandId: null }));
    expect(told).toEqual([]);
  });

  it('what the cache has pending is read from the table, and keeps the background that the cache has', async () => {
    const command = await made();
    await nooble.database.query(`UPDATE commands SET status = 'completed', results = '[{"messageId":"m","seq":2,"content":"three"}]', agent_background = NULL WHERE temporary_id = $1`, [command.id]);
    for (const id of [command.id, command.metadata.dbUuid]) expect(await service.get(TENANT, id)).toMatchObject({ id: command.id, status: 'completed', results: [{ content: 'three' }], agentBackground: 'You count.' });
  });

  it('one that has ended is read without SQL, by either id', async () => {
    const command = await made();
    await tell(endOf(command));
    sql.clear();
    for (const id of [command.id, command.metadata.dbUuid]) expect((await service.get(TENANT, id)).status).toBe('completed');
    expect(sql.naming('commands')).toEqual([]);
  });

  it('an end that nobody was told of is found by whoever reads it', async () => {
    const command = await made();
    const ended = { status: 'completed', result: { messageId: 'm', seq: 2, content: 'three' }, endedAt: new Date() } as const;
    await nooble.redis.hset(keys.execution(TENANT, command.executionId), toHash(ended));
    expect(await service.get(TENANT, command.id)).toMatchObject({ status: 'completed', results: [{ content: 'three' }] });
    expect(await rowOf(command)).toMatchObject({ status: 'completed' });
  });

  it('one whose run was never accepted fails after a minute, and takes the end of the run if it comes all the same', async () => {
    const minute = 61_000;
    const [young, old] = [await made({ executionId: newId() }), await made({ createdAt: Date.now() - minute })];
    for (const { executionId } of [young, old]) await nooble.redis.del(...(await nooble.redis.keys(`*${executionId}*`)));
    expect((await service.get(TENANT, young.id)).status).toBe('pending');
    const shown = (await service.list(TENANT, { limit: 10 })).data.map(({ status, error }) => [status, error?.code]);
    expect(shown).toEqual([['failed', 'COMMAND_NOT_STARTED'], ['pending', undefined]]);
    expect(await service.get(TENANT, old.id)).toMatchObject({ status: 'failed', error: { code: 'COMMAND_NOT_STARTED' } });
    await tell(endOf(old));
    expect(await service.get(TENANT, old.id)).toMatchObject({ status: 'completed', error: null });
    expect(told.filter(([name]) => name === 'statusChange')).toHaveLength(2);
  });

  it('one that was given up and is accepted after all is shown as its run is', async () => {
    const command = await made({ createdAt: Date.now() - 61_000 });
    const state = keys.execution(TENANT, command.executionId);
    const fields = await nooble.redis.hgetall(state);
    await nooble.redis.del(state);
    expect(await service.get(TENANT, command.id)).toMatchObject({ status: 'failed', error: { code: 'COMMAND_NOT_STARTED' } });
    for (const [status, shown] of [['queued', 'pending'], ['running', 'running']] as const) {
      await nooble.redis.hset(state, { ...fields, status });
      expect(await service.get(TENANT, command.id)).toMatchObject({ status: shown, error: null });
      expect((await service.list(TENANT, { limit: 1 })).data).toMatchObject([{ status: shown, error: null }]);
    }
    await tell(endOf(command));
    expect(await service.get(TENANT, command.id)).toMatchObject({ status: 'completed', error: null });
  });

  it('a change that PostgreSQL refuses is told to the caller, is dirty, and is written later', async () => {
    const command = await made();
    const ref = { tenantId: TENANT, commandId: command.metadata.dbUuid };
    await nooble.database.query(BREAK);
    await expect(service.update(TENANT, command.id, { callerMetadata: { n: 1 } })).rejects.toThrow('no');
    expect([writer.isDirty(ref), (await rowOf(command))['metadata']]).toEqual([true, {}]);
    // Ahead of the table, and said to be; a second change joins the first.
    expect((await service.get(TENANT, command.id)).callerMetadata).toEqual({ n: 1 });
    caches.of(TENANT).clearAll();
    expect((await service.get(TENANT, command.metadata.dbUuid)).callerMetadata).toEqual({ n: 1 });
    await writer.retry();
    expect(writer.isDirty(ref)).toBe(true);
    await nooble.database.query(MEND);
    await service.update(TENANT, command.id, { agentBackground: 'You add.' });
    expect([writer.isDirty(ref), await rowOf(command)]).toMatchObject([false, { metadata: { n: 1 }, agent_background: 'You add.' }]);
  });

  it.each(['by itself', 'at the shutdown'])('what is dirty is tried again %s', async (when) => {
    const command = await made();
    await nooble.database.query(BREAK);
    await expect(service.update(TENANT, command.id, { callerMetadata: { n: 2 } })).rejects.toThrow('no');
    await nooble.database.query(MEND);
    if (when === 'at the shutdown') await writer.beforeApplicationShutdown();
    const { metadata } = await waitFor('the change in the table', async () => {
      const row = await rowOf(command);
      return JSON.stringify(row['metadata']) !== '{}' && row;
    });
    expect(metadata).toEqual({ n: 2 });
  });

  it('no more changes wait for PostgreSQL than commands may be cached', async () => {
    const [one, two] = [await made(), await made()];
    const small = await startTestApp({ NOOBLE_ROLE: 'api', COMMAND_CACHE_MAX_ENTRIES: '1' }, { beside: nooble });
    const commands = small.app.get(CommandsService, { strict: false });
    await nooble.database.query(BREAK);
    await expect(commands.update(TENANT, one.id, { callerMetadata: { n: 1 } })).rejects.toThrow('no');
    await expect(commands.update(TENANT, two.id, { callerMetadata: { n: 1 } })).rejects.toMatchObject({ kind: 'unavailable', code: 'COMMANDS_UNSAVED', details: { retryAfterMs: 5_000 } });
    expect((await commands.get(TENANT, two.id)).callerMetadata).toEqual({});
    await small.close();
  });

  it('while PostgreSQL is away a pending command is shown as it was, and any other refused', async () => {
    const command = await made();
    const ended = await made();
    await tell(endOf(ended));
    postgres.refuse();
    postgres.cut();
    expect(await service.get(TENANT, command.id)).toMatchObject({ status: 'pending', id: command.id });
    expect(await service.get(TENANT, ended.id)).toMatchObject({ status: 'completed' });
    expect(await service.get(TENANT, 'cmd_unknown').catch(toAppError)).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    postgres.pass();
  });

  it('a change of one that another process has deleted is refused, and forgotten', async () => {
    const command = await made();
    await tell(endOf(command));
    await nooble.database.query('DELETE FROM commands');
    await expect(service.update(TENANT, command.id, { callerMetadata: { n: 1 } })).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    await expect(service.get(TENANT, command.id)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    expect([writer.isDirty({ tenantId: TENANT, commandId: command.metadata.dbUuid }), caches.find(TENANT, command.id)]).toEqual([false, null]);
  });

  it('updates of one command at once come to the table in the order in which the cache took them', async () => {
    const command = await made();
    await Promise.all(Array.from({ length: 20 }, (_, n) => service.update(TENANT, command.id, { callerMetadata: { n } })));
    const seen = await service.get(TENANT, command.id);
    const changes = told.filter(([name]) => name === 'commandCacheUpdated').map(([, payload]) => payload as Command);
    expect([changes.length, changes.at(-1)?.callerMetadata, await rowOf(command)]).toMatchObject([20, seen.callerMetadata, { metadata: seen.callerMetadata, updated_at: new Date(seen.updatedAt) }]);
  });

  it('a cache that may have missed something is emptied', async () => {
    const command = await made();
    await tell(endOf(command));
    // The server is shared: only the listeners of this worker's database.
    const listeners = String(await nooble.redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n').filter((line) => line.includes(` db=${String(nooble.redis.options.db)} `));
    for (const line of listeners) await nooble.redis.client('KILL', 'ID', /^id=(\d+)/.exec(line)?.[1] ?? '');
    await waitFor('the gap to be noticed', () => caches.size === 0);
    await waitFor('the news again', () => caches.isSound);
    expect((await service.get(TENANT, command.id)).status).toBe('completed');
    expect(caches.size).toBe(1);
  });

  it('ids of two tenants never meet', async () => {
    const command = await made();
    expect(caches.find('other', command.id)).toBeNull();
    await expect(service.get('other', command.id)).rejects.toMatchObject({ code: 'COMMAND_NOT_FOUND' });
    expect(caches.find(TENANT, command.metadata.dbUuid)).toMatchObject({ id: command.id });
  });

  it('all tenants share the room, and the one used longest ago goes first', async () => {
    const command = await made();
    const small = await startTestApp({ NOOBLE_ROLE: 'api', COMMAND_CACHE_MAX_ENTRIES: '4' }, { beside: nooble });
    const room = small.app.get(CommandCaches, { strict: false });
    const keep = (tenantId: string, n: number): void => { room.keep({ ...command, tenantId, id: `cmd_${String(n)}`, metadata: { dbUuid: newId() } }); };
    for (const [n, tenantId] of ['a', 'a', 'b', 'b'].entries()) keep(tenantId, n);
    expect([room.size, room.find('a', 'cmd_0')?.id]).toEqual([4, 'cmd_0']);
    keep('c', 4);
    expect([room.size, room.find('b', 'cmd_2'), room.find('a', 'cmd_0')?.id, room.find('c', 'cmd_4')?.id]).toEqual([3, null, 'cmd_0', 'cmd_4']);
    for (let n = 5; n < 50; n++) keep('c', n);
    expect([room.size <= 4, room.find('a', 'cmd_0'), room.find('c', 'cmd_49')?.id]).toEqual([true, null, 'cmd_49']);
    await small.close();
  });
});
