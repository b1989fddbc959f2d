import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ActionProcess, MoveScript, RunScript, agentRun, move } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

const processes: ActionProcess[] = [];
const start = async (environment: Record<string, string>): Promise<ActionProcess> => {
  const process = await ActionProcess.start(environment);
  processes.push(process);
  return process;
};
const sendMoves = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await processes[0]!.bus.send('migration.move', move());
};
/** Moves that begin and do not end until the test says so. */
const held = (worker: ActionProcess): { readonly running: () => number; readonly release: () => void } => {
  const gate = Promise.withResolvers<{ archivedSeq: number }>();
  worker.script(MoveScript).script = () => gate.promise;
  return { running: () => worker.script(MoveScript).runs.length, release: () => gate.resolve({ archivedSeq: 1 }) };
};

beforeEach(async () => {
  (await emptyRedis()).disconnect();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.close()));
});

describe('moves', () => {
  it('run as many at once in a process as MIGRATION_CONCURRENCY says', async () => {
    const moves = held(await start({ MIGRATION_CONCURRENCY: '3' }));
    await sendMoves(5);
    await waitFor('three moves', () => moves.running() >= 3);
    // Whoever is through makes room, so a fourth would have begun with them.
    expect(await processes[0]!.queue('migration.move').getActiveCount()).toBe(3);
    expect(moves.running()).toBe(3);
    moves.release();
    await waitFor('the others', () => moves.running() === 5);
  });

  it('are begun no faster than MIGRATION_RATE_PER_SECOND says, by all processes together; nothing is lost, and the rest of the work is not held up', async () => {
    const both = [await start({ MIGRATION_RATE_PER_SECOND: '2' }), await start({ MIGRATION_RATE_PER_SECOND: '2' })];
    const queue = both[0]!.queue('migration.move');
    const moved = (): number => both.reduce((sum, process) => sum + process.script(MoveScript).runs.length, 0);
    await sendMoves(5);
    await waitFor('what waits for its second', async () => (await queue.getDelayedCount()) > 0);
    for (let i = 0; i < 5; i++) await both[0]!.bus.send('execution.agent_run', agentRun());
    await waitFor('the runs', () => both.reduce((sum, process) => sum + process.script(RunScript).runs.length, 0) === 5);
    await waitFor('all moves', () => moved() === 5);
    await waitFor('their ends', async () => (await both[0]!.left('migration.move')) === 0);
    expect(new Set(both.flatMap((process) => process.script(MoveScript).runs.map(({ action }) => action.actionId))).size).toBe(5);
  });

  it('are not limited unless it is said', async () => {
    const worker = await start({});
    await sendMoves(30);
    await waitFor('all moves', () => worker.script(MoveScript).runs.length === 30);
    expect(await worker.queue('migration.move').getDelayedCount()).toBe(0);
  });

  it('that are told of under one id are one, also while they wait for their second', async () => {
    const worker = await start({ MIGRATION_RATE_PER_SECOND: '1' });
    await sendMoves(1);
    const named = move();
    for (let i = 0; i < 3; i++) await worker.bus.send('migration.move', named, { jobId: 'acme:one' });
    await waitFor('both', () => worker.script(MoveScript).runs.length === 2);
    await waitFor('their ends', async () => (await worker.left('migration.move')) === 0);
    expect(worker.script(MoveScript).runs).toHaveLength(2);
  });
});
