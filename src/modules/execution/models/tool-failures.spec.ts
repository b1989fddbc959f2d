import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../../shared/errors/index.js';
import { failureSentence, withFailuresAsSentences } from './tool-failures.js';

describe('the failure of a tool', () => {
  it.each([
    [new AppError({ kind: 'invalid', code: 'EXPRESSION_INVALID', message: 'EXPRESSION_INVALID: no.' }), 'EXPRESSION_INVALID: no.'],
    ["AI_NoSuchToolError: Model tried to call unavailable tool 'nope'.", "Model tried to call unavailable tool 'nope'."],
    [new RangeError('no such order'), 'no such order'],
    ['Error: boom', 'boom'],
    ['An Error: boom', 'An Error: boom'],
  ])('is its sentence, without the name of a class: %s', (thrown, sentence) => {
    expect(failureSentence(thrown)).toBe(sentence);
  });

  it('is shown to the model as that sentence, and all else as it was', () => {
    const result = (output: object): object => ({ type: 'tool-result', toolCallId: '1', toolName: 'a', output });
    const messages = [
      { role: 'user', content: 'Error: mine' },
      { role: 'tool', content: [result({ type: 'error-text', value: 'AppError: TOOL_TIMED_OUT: a' }), result({ type: 'text', value: 'Error: read' })] },
    ];
    expect(withFailuresAsSentences(messages as never)).toEqual([messages[0], { role: 'tool', content: [result({ type: 'error-text', value: 'TOOL_TIMED_OUT: a' }), result({ type: 'text', value: 'Error: read' })] }]);
  });
});
