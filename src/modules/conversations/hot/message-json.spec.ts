import { describe, expect, it } from '@jest/globals';
import { message } from '../../../../test/factories/conversation.js';
import { fromStored, toStored } from './message-json.js';

describe('a message as JSON', () => {
  it.each([
    ['with everything', { agentId: 'a', executionId: 'e', metadata: { isPartial: true } }],
    ['with nothing that can be missing', { agentId: null, executionId: null, metadata: null }],
    ['with empty text and metadata', { content: '', metadata: {} }],
    ['with text that looks like JSON', { content: '{"seq":9,"content":"x"}' }],
    ['with text of every kind', { content: '\u0000 \ud800 😀 \u2028 "\\' }],
  ])('comes back as it was: %s', (_, overrides) => {
    const original = message(7, overrides);
    expect(fromStored(toStored(original), 7)).toEqual(original);
  });

  it('takes its seq from its place alone', () => {
    expect(toStored(message(7))).not.toContain('seq');
    expect(fromStored(toStored(message(7)), 8).seq).toBe(8);
  });

  it('leaves out what is null', () => {
    expect(Object.keys(JSON.parse(toStored(message(1))) as object)).toEqual(['messageId', 'role', 'content', 'tokens', 'createdAt']);
  });
});
