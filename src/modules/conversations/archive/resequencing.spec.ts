import { describe, expect, it } from '@jest/globals';
import { hotConversation, message } from '../../../../test/factories/conversation.js';
import type { Message } from '../conversation.js';
import { type ArchivedList, type HotList, type Resequencing, resequence as resequenced } from './resequencing.js';

const messages = (first: number, last: number, prefix = 'm'): Message[] =>
  Array.from({ length: last - first + 1 }, (_, i) => message(first + i, { messageId: `${prefix}${String(first + i)}`, content: `${prefix} says ${String(first + i)}` }));
const hot = (list: readonly Message[], firstHotSeq = 1, systemSeqs: number[] = [], withdrawnSeqs: number[] = []): HotList => ({
  conversation: hotConversation({ seq: firstHotSeq + list.length - 1, firstHotSeq, tokenCount: list.length, systemSeqs, withdrawnSeqs }),
  messages: list,
});
/** @param withdrawnSeqs as PostgreSQL knows them */
const resequence = (list: HotList, archived: readonly Message[], archivedSeq: number, withdrawnSeqs: ArchivedList['withdrawnSeqs'] = []): Resequencing | null => resequenced(list, { messages: archived, archivedSeq, withdrawnSeqs });
const idsOf = (list: readonly Message[] = []): string[] => list.map(({ messageId, seq }) => `${String(seq)}:${messageId}`);

describe('two stores that differ', () => {
  it('because Redis has forgotten: what came after follows what PostgreSQL has', () => {
    const change = resequence(hot([...messages(1, 3), ...messages(4, 5, 'new')]), messages(1, 6), 6);
    expect(change).toMatchObject({ fromSeq: 4, archivedSeq: 6, seq: 8, movedCount: 2, tokenCount: 8 });
    expect(idsOf(change?.messages)).toEqual(['4:m4', '5:m5', '6:m6', '7:new4', '8:new5']);
  });

  it('because Redis has forgotten, and nothing came after', () => {
    const change = resequence(hot(messages(1, 3)), messages(1, 5), 5);
    expect(change).toMatchObject({ fromSeq: 4, archivedSeq: 5, seq: 5, movedCount: 0 });
    expect(idsOf(change?.messages)).toEqual(['4:m4', '5:m5']);
  });

  it('and a message that was sent again after it was forgotten is there once', () => {
    const again = message(4, { messageId: 'm5', content: 'm says 5' });
    const change = resequence(hot([...messages(1, 3), again, ...messages(5, 5, 'new')]), messages(1, 5), 5);
    expect(idsOf(change?.messages)).toEqual(['4:m4', '5:m5', '6:new5']);
    expect(change?.seq).toBe(6);
  });

  it('and one that has the id of another has an id that nobody can send', () => {
    const other = message(4, { messageId: 'm5', content: 'something else' });
    const change = resequence(hot([...messages(1, 3), other]), messages(1, 5), 5);
    expect(idsOf(change?.messages)).toEqual(['4:m4', '5:m5', '6:m5~4']);
    expect(change?.messages.at(-1)).toMatchObject({ content: 'something else' });
  });

  it('because PostgreSQL has forgotten: Redis keeps what it has, and has it to archive', () => {
    const change = resequence(hot(messages(1, 6)), messages(1, 2), 2);
    expect(change).toMatchObject({ fromSeq: 3, archivedSeq: 2, seq: 6, movedCount: 0, tokenCount: 6 });
    expect(idsOf(change?.messages)).toEqual(idsOf(messages(3, 6)));
    expect(resequence(hot(messages(1, 2)), [], 0)).toMatchObject({ fromSeq: 1, archivedSeq: 0, seq: 2 });
  });

  it('behind the messages that only PostgreSQL has', () => {
    const change = resequence(hot([...messages(11, 12), ...messages(13, 13, 'new')], 11), messages(11, 13), 13);
    expect(change).toMatchObject({ fromSeq: 13, archivedSeq: 13, seq: 14 });
    expect(idsOf(change?.messages)).toEqual(['13:m13', '14:new13']);
  });

  it('in another place of the system messages', () => {
    const list = [message(1, { role: 'system', messageId: 's1' }), ...messages(2, 3), message(4, { role: 'system', messageId: 's4', content: 'x' })];
    const change = resequence(hot(list, 1, [1, 4]), [list[0]!, ...messages(2, 5)], 5);
    expect(change?.systemSeqs).toEqual([1, 6]);
  });

  it('with what one of them knows to be withdrawn, wherever it stands then', () => {
    const again = message(4, { messageId: 'm5', content: 'm says 5' });
    const list = [...messages(1, 3), again, ...messages(5, 6, 'new')];
    expect(resequence(hot(list, 1, [], [2, 4, 6]), messages(1, 5), 5, [1, 4, 7])?.withdrawnSeqs).toEqual([1, 2, 4, 5, 7]);
    expect(resequence(hot(messages(1, 3), 1, [], [3]), messages(1, 2), 2, [5])?.withdrawnSeqs).toEqual([3]);
    const taken = message(4, { messageId: 'm5', content: 'something else' });
    expect(resequence(hot([...messages(1, 3), taken], 1, [], [4]), messages(1, 5), 5)?.withdrawnSeqs).toEqual([6]);
  });
});

describe('what only a person can tell', () => {
  it.each([
    ['PostgreSQL lacks a message in between', hot(messages(1, 5)), [...messages(1, 2), ...messages(4, 4)], 4],
    ['PostgreSQL lacks messages that Redis has no more', hot(messages(11, 15), 11), [], 7],
  ])('is when %s', (_, list, archived, archivedSeq) => {
    expect(resequence(list, archived, archivedSeq)).toBeNull();
  });
});
