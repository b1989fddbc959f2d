import { beforeEach, describe, expect, it } from '@jest/globals';
import { numbers } from '../support/hot-store.js';
import type { Seen } from './history-check.js';
import { type Answered, ReaderLog } from './reader-log.js';

const message = (seq: number): Seen => ({ seq, messageId: `m${String(seq)}`, role: 'user', content: `said ${String(seq)}` });
const messages = (first: number, last: number): Seen[] => numbers(first, last).map(message);
const forward = (after: number, last: number, more: Partial<Extract<Answered, { kind: 'forward' }>> = {}): Answered => ({ kind: 'forward', after, limit: 50, total: last, messages: messages(after + 1, last), ...more });
const backward = (newest: number, last: number, more: Partial<Extract<Answered, { kind: 'backward' }>> = {}): Answered => ({ kind: 'backward', before: null, limit: newest - last + 1, total: newest, messages: messages(last, newest).reverse(), ...more });
const window = (first: number, last: number): Answered => ({ kind: 'window', contents: messages(first, last).map(({ content }) => content) });

let log: ReaderLog;
beforeEach(() => {
  log = new ReaderLog();
  log.acknowledged('c', 3);
  log.observe(log.ask('c'), forward(0, 5));
});

/** One more read of the conversation, of which five messages were seen. */
const read = (answered: Answered): string[] => {
  log.observe(log.ask('c'), answered);
  return log.violations;
};

describe('what readers see', () => {
  it.each<[string, Answered]>([
    ['the same again', forward(0, 5)],
    ['more', forward(0, 9)],
    ['a page that is full', forward(0, 2, { limit: 2, total: 5 })],
    ['nothing after the end', forward(5, 5)],
    ['what is new', forward(5, 7)],
    ['the newest, backwards', backward(5, 3)],
    ['all, backwards', backward(5, 1, { limit: 50 })],
    ['older ones, backwards', backward(3, 2, { before: 4, total: 5 })],
    ['a window to the end', window(3, 5)],
    ['a window with what no page has shown yet', window(3, 8)],
    ['a header', { kind: 'header', total: 5 }],
  ])('may be %s', (_, answered) => {
    expect(read(answered)).toEqual([]);
  });

  it.each<[string, Answered, string]>([
    ['fewer messages', forward(0, 4), 'has shrunk: 4, there were 5'],
    ['a smaller total', forward(0, 5, { total: 4 }), 'has shrunk'],
    ['fewer messages than it counts', forward(0, 4, { total: 5 }), 'ends at 4, there are 5'],
    ['nothing', forward(0, 0), 'has shrunk'],
    ['a gap', forward(0, 5, { messages: [...messages(1, 2), ...messages(4, 5)] }), 'has a gap: 4 where 3 should be'],
    ['a page that begins too late', forward(0, 5, { messages: messages(2, 5) }), 'has a gap: 2 where 1'],
    ['a doubled message', forward(0, 5, { messages: [...messages(1, 3), ...messages(3, 5)] }), 'has a gap: 3 where 4'],
    ['an altered message', forward(0, 5, { messages: [...messages(1, 4), { ...message(5), content: 'never said' }] }), 'has ["m5","user","never said"] as 5'],
    ['a gap, backwards', backward(5, 1, { limit: 50, messages: [message(5), message(3), message(2), message(1)] }), 'has a gap: 3 where 4'],
    ['an end that was passed, backwards', backward(4, 3, { total: 5 }), 'begins at 4, there are 5'],
    ['a beginning that is missing, backwards', backward(5, 3, { limit: 50 }), 'ends before 2'],
    ['a window without the newest', window(2, 4), 'ends at 4, there are 5'],
    ['a window with a gap', { kind: 'window', contents: ['said 2', 'said 4', 'said 5'] }, 'has a gap: 4 after 2'],
    ['an empty window', { kind: 'window', contents: [] }, 'is empty'],
    ['a header that is behind', { kind: 'header', total: 4 }, 'has shrunk'],
  ])('must not be %s', (_, answered, fault) => {
    expect(read(answered).join('\n')).toContain(fault);
  });

  it('need not have what was acknowledged after they asked', () => {
    const asked = log.ask('c');
    log.acknowledged('c', 8);
    log.observe(asked, forward(0, 5));
    expect(log.violations).toEqual([]);
  });

  it('has to be there in the end', () => {
    expect(log.unlike('c', messages(1, 5))).toEqual([]);
    expect(log.unlike('c', messages(1, 9))).toEqual([]);
    expect(log.unlike('c', messages(1, 4))).toEqual(['seen: 5 is another message in the end', 'seen: 5 messages, of which 4 are left']);
    expect(log.unlike('c', [...messages(1, 4), { ...message(5), messageId: 'other' }])).toEqual(['seen: 5 is another message in the end']);
  });

  it('is kept for each conversation', () => {
    log.observe(log.ask('d'), forward(0, 0));
    expect(log.violations).toEqual([]);
    expect(log.reads).toBe(2);
  });
});
