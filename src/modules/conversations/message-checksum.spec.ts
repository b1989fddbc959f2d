import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { message } from '../../../test/factories/conversation.js';
import { messageChecksum } from './message-checksum.js';

const first = message(1, { content: 'a "quoted"\nline' });
const second = message(2, { role: 'assistant' });

describe('the checksum of messages', () => {
  it('is SHA-256 over one JSON array a line, as anybody can recompute it', () => {
    const lines = '[1,"m1","user","a \\"quoted\\"\\nline"]\n[2,"m2","assistant","message 2"]\n';
    expect(messageChecksum([first, second])).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  it('is the vector that stored ledger rows have', () => {
    expect(messageChecksum([first, second])).toBe('114f3c342fcce22e0f5805fbd976bf25e650607b3b833fb57fea0e7ed9cfb2dc');
  });

  it('of nothing is that of the empty text', () => {
    expect(messageChecksum([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('changes with the order', () => {
    expect(messageChecksum([second, first])).not.toBe(messageChecksum([first, second]));
  });

  it.each([{ seq: 3 }, { messageId: 'other' }, { role: 'system' as const }, { content: 'message 2 ' }])('changes with %j', (change) => {
    expect(messageChecksum([first, { ...second, ...change }])).not.toBe(messageChecksum([first, second]));
  });

  it('does not change with what a move may lose or count anew', () => {
    expect(messageChecksum([first, { ...second, tokens: 99, createdAt: new Date(0) } as typeof second])).toBe(messageChecksum([first, second]));
  });

  it('tells where one field ends and the next begins', () => {
    const [joined, apart] = [message(1, { messageId: 'a', content: 'b' }), message(1, { messageId: 'a","user","b', content: '' })];
    expect(messageChecksum([joined])).not.toBe(messageChecksum([apart]));
  });
});
