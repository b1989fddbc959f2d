import { describe, expect, it } from '@jest/globals';
import type { ExecutionEvent, NewExecutionEvent } from '../../../contracts/index.js';
import { textOfLog } from './log-text.js';

const started: NewExecutionEvent = { type: 'execution.started', data: { attempt: 1 } };
const said = (text: string): NewExecutionEvent => ({ type: 'message.delta', data: { text } });
const log = (...events: NewExecutionEvent[]): ExecutionEvent[] => events.map((event, i) => ({ ...event, seq: i + 1, at: new Date(0).toISOString() }));

describe('the text of a log', () => {
  it('is what was said, piece by piece, over several pages', () => {
    expect(textOfLog(textOfLog('', log(started, said('a'), said('b'))), log(said('c')))).toBe('abc');
  });

  it('is what the last attempt has said', () => {
    expect(textOfLog('', log(started, said('void'), started, said('counts')))).toBe('counts');
    expect(textOfLog('void', log(started))).toBe('');
  });

  it('is the whole answer where there is one', () => {
    const completed: NewExecutionEvent = { type: 'message.completed', data: { messageId: 'm', seq: 2, content: 'whole', usage: { inputTokens: 0, outputTokens: 0, totalTokens: 0 } } };
    expect(textOfLog('', log(started, said('wh'), completed))).toBe('whole');
  });
});
