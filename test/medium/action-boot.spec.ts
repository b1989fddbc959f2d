import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bull';
import type { Queue } from 'bull';
import { ACTION_TYPES } from '../../src/contracts/index.js';
import { createAgent } from '../factories/agent.js';
import { ActionProcess, EVERY_SCRIPT, MoveScript, SecondMoveScript, SweepScript } from '../support/scripted-actions.js';
import { emptyRedis } from '../support/services.js';
import { startTestApp } from '../support/test-app.js';
import { waitFor } from '../support/wait-for.js';

const without = (...missing: Type[]): Type[] => EVERY_SCRIPT.filter((script) => !missing.includes(script));

describe('a process', () => {
  let started: ActionProcess | undefined;
  beforeEach(async () => {
    (await emptyRedis()).disconnect();
  });
  afterEach(async () => {
    await started?.close();
    started = undefined;
  });

  it('starts when every action has its handler', async () => {
    started = await ActionProcess.start();
    for (const type of ACTION_TYPES) expect(await started.left(type)).toBe(0);
  });

  it.each<[string, Type[], string]>([
    ['is missing', without(MoveScript), 'migration.move'],
    ['is there twice', [...EVERY_SCRIPT, SecondMoveScript], 'migration.move'],
    ['of several is missing', without(MoveScript, SweepScript), 'migration.sweep, migration.move'],
  ])('does not start when a handler %s, and names the action', async (_, handlers, named) => {
    for (const role of ['all', 'api']) {
      await expect(ActionProcess.start({ NOOBLE_ROLE: role }, handlers)).rejects.toMatchObject({ kind: 'internal', code: 'ACTION_HANDLERS', message: expect.stringContaining(`: ${named}.`) });
    }
  });
});

describe('the whole system', () => {
  it('refuses a bad job in each of its queues for good, and goes on with good ones', async () => {
    const nooble = await startTestApp();
    try {
      for (const type of ACTION_TYPES) await nooble.app.get<Queue>(getQueueToken(type), { strict: false }).add({ actionType: type, surprise: 1 });
      const metrics = async (): Promise<string> => (await fetch(`${nooble.url}/metrics`)).text();
      await waitFor('the failures', async () => (await metrics()).match(/^nooble_jobs_total\{type="[\w.]+",outcome="failed"\} 1$/gm)?.length === ACTION_TYPES.length);
      expect(await metrics()).not.toMatch(/outcome="retried"/);
      const acme = nooble.client('acme');
      const { body } = await acme.post<{ executionId: string }>(`/api/v1/agents/${await createAgent(acme)}/executions`, { message: 'hi' });
      expect((await acme.events(body.executionId)).at(-1)?.type).toBe('execution.completed');
    } finally {
      await nooble.close();
    }
  });
});
