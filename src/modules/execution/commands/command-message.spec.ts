import { describe, expect, it } from '@jest/globals';
import { messageOf } from './command-message.js';

describe('what an agent is told of a command', () => {
  it.each([
    [{ task: 'Count', description: null, targets: [] }, 'Count'],
    [{ task: 'Count', description: 'Slowly.', targets: [] }, 'Count\n\nSlowly.'],
    [{ task: 'Count', description: null, targets: ['apples', 'pears'] }, 'Count\n\nTargets:\n- apples\n- pears'],
  ])('%j is %j', (command, message) => {
    expect(messageOf(command)).toBe(message);
  });

  it('is as long as a message may be, and no longer', () => {
    const of = (length: number): string => messageOf({ task: 'x'.repeat(length), description: 'y', targets: [] });
    expect(of(31_997)).toHaveLength(32_000);
    expect(() => of(31_998)).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });
});
