import { describe, expect, it } from '@jest/globals';
import { message } from '../../../../test/factories/conversation.js';
import { fitWindow } from './memory-window.js';

const seqs = (window: { messages: readonly { seq: number }[] }): number[] => window.messages.map(({ seq }) => seq);

describe('the memory window', () => {
  it('keeps everything, untouched, when everything fits exactly', () => {
    const messages = [message(1, { tokens: 4 }), message(2, { tokens: 6 })];
    expect(fitWindow(messages, 10)).toEqual({ messages, totalTokens: 10, isTruncated: false });
  });

  it('drops the oldest when one token is missing, and says so', () => {
    const messages = [message(1, { tokens: 4 }), message(2, { tokens: 3 }), message(3, { tokens: 4 })];
    expect(fitWindow(messages, 10)).toEqual({ messages: messages.slice(1), totalTokens: 7, isTruncated: true });
  });

  it('has no hole: behind the first message that does not fit, an older, smaller one stays out too', () => {
    const messages = [message(1, { tokens: 1 }), message(2, { tokens: 50 }), message(3, { tokens: 1 })];
    expect(seqs(fitWindow(messages, 10))).toEqual([3]);
  });

  it('keeps system messages whatever their age, in their place, and counts them first', () => {
    const messages = [message(1, { role: 'system', tokens: 5 }), message(2, { tokens: 3 }), message(3, { role: 'system', tokens: 1 }), message(4, { tokens: 3 }), message(5, { tokens: 1 })];
    const window = fitWindow(messages, 10);
    expect(seqs(window)).toEqual([1, 3, 4, 5]);
    expect(window).toMatchObject({ totalTokens: 10, isTruncated: true });
  });

  it('keeps system messages that alone are more than the budget', () => {
    const messages = [message(1, { role: 'system', tokens: 100 }), message(2), message(3)];
    expect(seqs(fitWindow(messages, 10))).toEqual([1, 3]);
  });

  it('keeps the newest message even if it alone is more than the budget', () => {
    const messages = [message(1), message(2, { tokens: 100 })];
    expect(fitWindow(messages, 10)).toEqual({ messages: [messages[1]], totalTokens: 100, isTruncated: true });
  });

  it('keeps a newest message that is a system message once', () => {
    const only = message(1, { role: 'system', tokens: 3 });
    expect(fitWindow([only], 1)).toEqual({ messages: [only], totalTokens: 3, isTruncated: false });
  });

  it('keeps messages of no tokens at all', () => {
    expect(seqs(fitWindow([message(1, { tokens: 0 }), message(2, { tokens: 10 })], 10))).toEqual([1, 2]);
  });

  it('is empty and whole for an empty conversation', () => {
    expect(fitWindow([], 10)).toEqual({ messages: [], totalTokens: 0, isTruncated: false });
  });
});
