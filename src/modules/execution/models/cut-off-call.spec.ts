import { describe, expect, it } from '@jest/globals';
import { estimatedUsage } from './cut-off-call.js';

const words = (text: string): number => text.split(' ').filter((word) => word !== '').length;

describe('what a call that was cut off has used', () => {
  it('is counted from what was sent and what came, and says that it is an estimate', () => {
    const messages = [{ role: 'user', content: 'three words here' }, { role: 'assistant', content: [{ type: 'text', text: 'two words' }] }] as const;
    expect(estimatedUsage({ instructions: 'be short', messages: messages.map((message) => structuredClone(message) as never), said: 'one' }, words)).toEqual({ inputTokens: 7, outputTokens: 1, totalTokens: 8, isEstimated: true });
  });

  it('counts what tools have said, and no instructions where there are none', () => {
    const messages = [{ role: 'tool' as const, content: [{ type: 'tool-result' as const, toolCallId: 'c', toolName: 'look', output: { type: 'text' as const, value: 'a tall tower' } }] }];
    expect(estimatedUsage({ instructions: undefined, messages, said: '' }, words)).toMatchObject({ inputTokens: 3, outputTokens: 0 });
  });
});
