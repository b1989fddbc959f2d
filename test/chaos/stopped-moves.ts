import { setTimeout as sleep } from 'node:timers/promises';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { close, fill, newRef } from '../support/hot-store.js';
import { MoverProcess } from '../support/mover-process.js';
import type { Moves } from '../support/moves.js';
import { redisUrl } from '../support/services.js';
import { type StopAt, StepGate } from '../support/step-gate.js';
import { waitFor } from '../support/wait-for.js';
import { type Point, STEPS, type State } from './move-steps.js';

/** Messages that every conversation has. */
export const MESSAGES = 5;
export const MOVER = { batchSize: 3, releaseSeconds: 0, hotTailMessages: 2 } as const;
export type Mover = ReturnType<Moves['mover']>;
/** What comes while a mover is stopped has this long to do what it can, before the mover dies. Milliseconds. */
const ARRIVAL_MS = 300;

/** A conversation whose mover dies at a point. */
export interface Case {
  readonly point: Point;
  readonly ref: ConversationRef;
}

/** Moves that a process of its own makes, with gates between it and the stores. */
export class StoppedMoves {
  private readonly gates: StepGate[] = [];
  private readonly process = new MoverProcess();

  constructor(private readonly moves: Moves) {}

  /** @returns everything that the mover says to both stores, to its end */
  async rehearse(ref: ConversationRef): Promise<readonly string[]> {
    const heard: string[] = [];
    await this.begin(ref, { redis: null, postgres: null }, heard);
    await waitFor('the end of the move', () => this.process.ended.length > 0);
    await this.die();
    return heard;
  }

  /** Each mover comes to its point and stays there. */
  async stop(cases: readonly Case[]): Promise<void> {
    await Promise.all(cases.map(async ({ ref, point: { step, occurrence, side } }) => {
      const { store, says } = STEPS[step];
      await this.begin(ref, { redis: null, postgres: null, [store]: { says, occurrence, side } }, []);
    }));
    await waitFor('every mover to come to its point', () => this.gates.filter(({ hasStopped }) => hasStopped).length === cases.length, 60_000);
    if (this.process.ended.length > 0) throw new Error(`not stopped: ${JSON.stringify(this.process.ended)}`);
  }

  /** What comes begins, then the movers die, then it ends. */
  async dieUnder<T>(coming: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
    const all = Promise.allSettled(coming);
    await Promise.race([all, sleep(ARRIVAL_MS)]);
    await this.die();
    return all;
  }

  async die(): Promise<void> {
    await this.process.kill();
    await Promise.all(this.gates.map((gate) => gate.close()));
  }

  private async begin(ref: ConversationRef, stops: Record<'redis' | 'postgres', StopAt | null>, heard: string[]): Promise<void> {
    const [redis, database] = [new URL(redisUrl), new URL(this.moves.nooble.database.url)];
    for (const [url, stop] of [[redis, stops.redis], [database, stops.postgres]] as const) {
      const gate = await StepGate.inFrontOf(Number(url.port), { stop, heard });
      this.gates.push(gate);
      url.port = String(gate.port);
    }
    this.process.move({ ...ref, redisUrl: redis.href, databaseUrl: database.href, settings: MOVER });
  }
}

/** A conversation as a mover of its state finds it. */
export async function prepare(moves: Moves, mover: Mover, state: State): Promise<ConversationRef> {
  const ref = newRef();
  await fill(moves.hot, ref, MESSAGES);
  if (state === 'closed') await close(moves.hot, ref);
  if (state !== 'changed' && state !== 'deleted') return ref;
  await mover.move(ref);
  const { conversation } = (await moves.hot.read(ref, { tail: 0 }))!;
  const fields = state === 'deleted' ? { status: 'deleted' } : { summary: 'before' };
  await moves.hot.change(ref, conversation, { fields, dueInSeconds: 0, ...(state === 'deleted' && { session: 'leave' }) });
  return ref;
}

/** Another worker does what is due, as often as something is. */
export async function workOff(moves: Moves, mover: Mover, ref: ConversationRef): Promise<void> {
  for (let turns = 0; turns < 4; turns++) {
    if ((await moves.nooble.redis.zscore(keys.due(ref.tenantId), ref.conversationId)) === null) return;
    await mover.move(ref);
  }
}
