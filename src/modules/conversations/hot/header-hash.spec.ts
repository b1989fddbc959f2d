import { describe, expect, it } from '@jest/globals';
import { hotConversation, newConversation } from '../../../../test/factories/conversation.js';
import type { HotConversation } from '../conversation.js';
import { fromHeader, headerOfNew, toHeader } from './header-hash.js';

/** As HGETALL gives a hash to a script. */
const flat = (hash: Record<string, string | number>): string[] => Object.entries(hash).flatMap(([field, value]) => [field, String(value)]);
const roundTrip = (conversation: HotConversation): HotConversation => fromHeader(conversation.conversationId, flat(toHeader(conversation)));

describe('the header hash', () => {
  it('gives back every field of a conversation', () => {
    const conversation = hotConversation({
      ...{ userId: 'user-1', status: 'transferred', messageCount: 12, tokenCount: 3_000_000_000, seq: 12, archivedSeq: 11, firstHotSeq: 5 },
      ...{ revision: 40, archivedRevision: 39, systemSeqs: [1, 7, 12], summary: 'about "it"\n', customerSatisfaction: 5 },
      metadata: { '__proto__x': 1, nested: { list: [1, 'a "b"', null] }, nul: '\u0000', lone: '\ud800' },
      createdAt: new Date(1_700_000_000_001),
      lastMessageAt: new Date(1_700_000_000_002),
      closedAt: new Date(1_700_000_000_003),
    });
    expect(roundTrip(conversation)).toEqual(conversation);
  });

  it('gives back what is not there as null', () => {
    const conversation = hotConversation();
    expect(roundTrip(conversation)).toEqual(conversation);
    expect(conversation).toMatchObject({ userId: null, closedAt: null, summary: null, customerSatisfaction: null, systemSeqs: [] });
  });

  it('counts a message for every seq, whatever the conversation says', () => {
    expect(roundTrip(hotConversation({ seq: 3, messageCount: 99 }))).toMatchObject({ seq: 3, messageCount: 3 });
  });

  it('of a new conversation has only texts, and none of the fields that the script counts', () => {
    const header = headerOfNew(newConversation({ metadata: { a: 1 } }));
    expect(Object.values(header).every((value) => typeof value === 'string')).toBe(true);
    expect(Object.keys(header).sort()).toEqual(['agentId', 'metadata', 'model', 'sessionId', 'userId']);
  });
});
