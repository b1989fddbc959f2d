import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConversationRef } from '../../src/modules/conversations/index.js';
import { keys } from '../../src/shared/redis/index.js';
import { type Acknowledged, violationsOf } from '../chaos/history-check.js';
import { MOVES, POINTS, type Point, STATES, stepOf } from '../chaos/move-steps.js';
import { type Case, MESSAGES, MOVER, type Mover, StoppedMoves, prepare, workOff } from '../chaos/stopped-moves.js';
import { numbers } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

const acme = { tenantId: 'acme', tier: 'enterprise' } as const;
const CASES_MS = 120_000;
let moves: Moves;
let mover: Mover;

beforeAll(async () => {
  moves = await Moves.start({ MIGRATION_RELEASE_SECONDS: '0', MIGRATION_HOT_TAIL_MESSAGES: '2', DATABASE_POOL_SIZE: '40' });
  mover = moves.mover(MOVER);
});
afterAll(async () => {
  await moves.close();
});

const late = (ref: ConversationRef, role: 'user' | 'assistant'): Promise<unknown> => moves.conversations.saveMessage(acme, { conversationId: ref.conversationId, messageId: 'late', role, content: 'late' });

/** What comes while a mover is stopped. */
const COMING = {
  nothing: async () => undefined,
  'a message': (ref: ConversationRef) => late(ref, 'user'),
  'an answer': (ref: ConversationRef) => late(ref, 'assistant'),
  'a close': (ref: ConversationRef) => moves.conversations.close(ref),
  'a DELETE': (ref: ConversationRef) => moves.conversations.remove(ref),
  'a PATCH': (ref: ConversationRef) => moves.conversations.update(acme, ref.conversationId, { summary: 'late' }),
} as const;
type Coming = keyof typeof COMING;

/** What has to be true in the end. */
interface Expected {
  readonly isGone: boolean;
  readonly messages: readonly Acknowledged[];
  readonly status: 'active' | 'transferred';
  readonly summary: string | null;
}

function expectedOf({ state }: Point, coming: Coming): Expected {
  const messages = numbers(1, MESSAGES).map((seq) => ({ writer: 'w', seq, messageId: `m${String(seq)}`, role: 'user' as const, content: `message ${String(seq)}` }));
  if (coming === 'a message' || coming === 'an answer') messages.push({ writer: 'w', seq: MESSAGES + 1, messageId: 'late', role: (coming === 'a message' ? 'user' : 'assistant') as 'user', content: 'late' });
  const isActive = state === 'closed' ? coming === 'a message' : coming !== 'a close';
  const before = state === 'changed' ? 'before' : null;
  return { isGone: state === 'deleted' || coming === 'a DELETE', messages, status: isActive ? 'active' : 'transferred', summary: coming === 'a PATCH' ? 'late' : before };
}

/** How a reader sees it: the messages' ids, or why there are none. */
const seen = async (ref: ConversationRef): Promise<string> => moves.history.messages(ref, 1, 100).then((all) => all.map(({ messageId }) => messageId).join(' '), (error: unknown) => (error as { code: string }).code);
const shown = ({ isGone, messages }: Expected): string => (isGone ? 'CONVERSATION_NOT_FOUND' : messages.map(({ messageId }) => messageId).join(' '));

/** Everything that is wrong with a conversation once another worker has done what was due. */
async function faultsOf(ref: ConversationRef, expected: Expected): Promise<string[]> {
  const row = await moves.archiveRows.find(ref);
  const archived = await moves.archiveRows.findMessages(ref, 1, 100);
  const inRedis = await moves.hot.read(ref, { from: 1, count: 100 });
  const isIndexed = await Promise.all([keys.hot, keys.active, keys.due, keys.unarchived].map(async (key) => (await moves.nooble.redis.zscore(key('acme'), ref.conversationId)) !== null));
  const stateIs = { row: [row?.status, row?.summary, row?.archivedSeq], hot: inRedis && [inRedis.conversation.status, inRedis.conversation.archivedSeq], isIndexed };
  const wrong = (should: typeof stateIs): string[] => (JSON.stringify(stateIs) === JSON.stringify(should) ? [] : [`${JSON.stringify(stateIs)} should be ${JSON.stringify(should)}`]);
  const { isGone, status, summary, messages: acknowledged } = expected;
  if (isGone) return [...(archived.length > 0 ? ['messages are left'] : []), ...wrong({ row: ['deleted', null, 0], hot: null, isIndexed: [false, false, false, false] })];
  const isHot = status === 'active';
  const history = await moves.history.messages(ref, 1, 100);
  const ledger = await moves.ledger.findByConversation('acme', ref.conversationId);
  const { length } = acknowledged;
  return [...violationsOf({ acknowledged, history, archived, ledger }), ...wrong({ row: [status, summary, length], hot: isHot ? [status, length] : null, isIndexed: [isHot, isHot, false, false] })];
}

/** One more move changes nothing, unless the last one died just before its trim: for that alone nobody comes again. */
async function isAtRest(ref: ConversationRef): Promise<boolean> {
  const state = async (): Promise<string> => {
    const hot = await moves.hot.read(ref, { tail: 0 });
    const [row, messages] = [await moves.archiveRows.find(ref), await moves.archiveRows.findMessages(ref, 1, 100)];
    return JSON.stringify([row, messages, await moves.ranges(ref), hot && { ...hot.conversation, firstHotSeq: 0 }]);
  };
  const before = await state();
  await mover.move(ref);
  return (await state()) === before;
}

const nameOf = ({ state, step, occurrence, side }: Point): string => `${state}, ${side} ${step} ${String(occurrence)}`;

describe('a mover that dies', () => {
  it.each(STATES)('says to both stores what the table of steps says: %s', async (state) => {
    const ref = await prepare(moves, mover, state);
    const heard = await new StoppedMoves(moves).rehearse(ref);
    const steps = heard.map(stepOf);
    const first = steps.indexOf('read');
    expect(steps.slice(0, first).filter((step) => step !== undefined)).toEqual([]);
    expect(steps.slice(first)).toEqual(MOVES[state]);
  });

  it.each(Object.keys(COMING) as Coming[])(`at any of ${String(POINTS.length)} points, while %s comes, leaves what another one brings to its end`, async (coming) => {
    const cases: Case[] = await Promise.all(POINTS.map(async (point) => ({ point, ref: await prepare(moves, mover, point.state) })));
    const stopped = new StoppedMoves(moves);
    await stopped.stop(cases);
    const faults: string[] = [];
    const compare = async (when: string, expectation: (point: Point) => string): Promise<void> => {
      for (const { point, ref } of cases) {
        const is = await seen(ref);
        if (is !== expectation(point)) faults.push(`${nameOf(point)}: ${when} a reader sees ${is}`);
      }
    };
    await compare('before it dies', (point) => shown(expectedOf(point, 'nothing')));
    const answers = await stopped.dieUnder(cases.map(({ ref }) => COMING[coming](ref)));
    answers.forEach((answer, i) => {
      const { point } = cases[i]!;
      const isRefused = point.state === 'deleted' && coming !== 'nothing';
      if ((answer.status === 'rejected') !== isRefused) faults.push(`${nameOf(point)}: ${JSON.stringify(answer)}`);
    });
    await compare('after it has died', (point) => shown(expectedOf(point, coming)));
    for (const { point, ref } of cases) {
      await workOff(moves, mover, ref);
      faults.push(...(await faultsOf(ref, expectedOf(point, coming))).map((fault) => `${nameOf(point)}: ${fault}`));
      if (!(await isAtRest(ref))) faults.push(`${nameOf(point)}: one more move changes something`);
    }
    expect(faults).toEqual([]);
  }, CASES_MS);
});
