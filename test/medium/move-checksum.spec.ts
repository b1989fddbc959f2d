import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Message } from '../../src/modules/conversations/index.js';
import { messageChecksum } from '../../src/modules/conversations/message-checksum.js';
import { newConversation, newMessage } from '../factories/conversation.js';
import { append, fill, newRef, numbers } from '../support/hot-store.js';
import { Moves } from '../support/moves.js';

let moves: Moves;

beforeAll(async () => {
  moves = await Moves.start();
});
afterAll(async () => {
  await moves.close();
});

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
/** Every character that PostgreSQL can keep, from one code point to another. */
const characters = (from: number, to: number): string => numbers(from, to).filter((code) => !isSurrogate(code)).map((code) => String.fromCodePoint(code)).join('');

const HOSTILE: Readonly<Record<string, string>> = {
  'control characters': characters(0x01, 0x9f),
  'what JSON escapes': '"\\"\\\\ \b\f\n\r\t / </script> \\u0000 \\n',
  'line separators': '\u2028\u2029\u0085\u00a0\ufeff',
  'every character of two bytes': characters(0x80, 0x7ff),
  'every character of the basic plane': characters(0x800, 0xffff),
  'characters beyond it': characters(0x1f300, 0x1faff) + characters(0x10fff0, 0x10ffff),
  'combining characters': 'e\u0301 é ñ n\u0303 \u1100\u1161 가',
  'the border of a field': '","user","',
  'the border of a line': '"]\n[2,"m2","user","',
  'what format() would take for its own': '%s %I %L %% $1',
  'blanks': '  \n ',
};

describe('PostgreSQL and the worker, each on its own,', () => {
  it.each(Object.entries(HOSTILE))('have the same checksum of a message with %s', async (_, text) => {
    const ref = newRef();
    await append(moves.hot, ref, newMessage({ messageId: 'm1', content: text }), { create: newConversation({ conversationId: ref.conversationId }) });
    await append(moves.hot, ref, newMessage({ messageId: `m2${text.slice(0, 300)}`, role: 'assistant' }));
    const { messages } = (await moves.hot.read(ref, { tail: 2 }))!;
    await moves.mover().move(ref);
    expect(await moves.archive.checksum(ref, 1, 2)).toBe(messageChecksum(messages));
    expect(await moves.ranges(ref)).toEqual([[1, 2, 2, 'verified']]);
  });

  it('have the same one of nothing', async () => {
    expect(await moves.archive.checksum(newRef(), 1, 10)).toBe(messageChecksum([]));
  });

  it('have the same one of a range in the middle, in the order of the seqs', async () => {
    const ref = newRef();
    await fill(moves.hot, ref, 12);
    const { messages } = (await moves.hot.read(ref, { from: 9, count: 3 }))!;
    await moves.mover({ batchSize: 5 }).move(ref);
    expect(await moves.archive.checksum(ref, 9, 11)).toBe(messageChecksum(messages));
  });

  it.each<[string, Partial<Message>]>([
    ['id', { messageId: 'other' }],
    ['role', { role: 'tool' }],
    ['content', { content: 'message 1 ' }],
    ['seq', { seq: 2 }],
  ])('have different ones when the %s differs', async (_, change) => {
    const ref = newRef();
    await fill(moves.hot, ref, 1);
    const { messages: [message] } = (await moves.hot.read(ref, { tail: 1 }))!;
    await moves.mover().move(ref);
    expect(await moves.archive.checksum(ref, 1, 1)).toBe(messageChecksum([message!]));
    expect(await moves.archive.checksum(ref, 1, 1)).not.toBe(messageChecksum([{ ...message!, ...change }]));
  });
});
