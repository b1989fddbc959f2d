import { describe, expect, it, jest } from '@jest/globals';
import { message } from '../../../../test/factories/conversation.js';
import { SeededRandom } from '../../../../test/support/seeded-random.js';
import type { Message } from '../conversation.js';
import { type MemoryWindow, type Truncate, fitWindow } from './memory-window.js';

/** A character is a token. */
const byCharacters: Truncate = (text, maxTokens) => ({ text: text.slice(0, Math.max(0, maxTokens)), tokens: Math.min(text.length, Math.max(0, maxTokens)) });
const noCut: Truncate = (text) => {
  throw new Error(`nothing had to be cut, but "${text}" was`);
};

const long = (seq: number, tokens: number, overrides: Partial<Message> = {}): Message => message(seq, { tokens, content: 'abcdefghij'.repeat(20).slice(0, tokens), ...overrides });
const system = (seq: number, tokens: number): Message => long(seq, tokens, { role: 'system' });
const seqs = (window: MemoryWindow): number[] => window.messages.map(({ seq }) => seq);
const tokensBySeq = (window: MemoryWindow): number[][] => window.messages.map(({ seq, tokens }) => [seq, tokens]);

describe('the memory window', () => {
  it('keeps everything, untouched, when everything fits exactly', () => {
    const messages = [message(1, { tokens: 4 }), message(2, { tokens: 6 })];
    expect(fitWindow(messages, 10, noCut)).toEqual({ messages, totalTokens: 10, truncationApplied: false });
  });

  it('drops the oldest when one token is missing, and says so', () => {
    const messages = [message(1, { tokens: 4 }), message(2, { tokens: 3 }), message(3, { tokens: 4 })];
    expect(fitWindow(messages, 10, noCut)).toEqual({ messages: messages.slice(1), totalTokens: 7, truncationApplied: true });
  });

  it('has no hole: behind the first message that does not fit, an older, smaller one stays out too', () => {
    const messages = [message(1, { tokens: 1 }), message(2, { tokens: 50 }), message(3, { tokens: 1 })];
    expect(seqs(fitWindow(messages, 10, noCut))).toEqual([3]);
  });

  it('keeps system messages whatever their age, in their place, and counts them first', () => {
    const messages = [system(1, 5), message(2, { tokens: 3 }), system(3, 1), message(4, { tokens: 3 }), message(5, { tokens: 1 })];
    const window = fitWindow(messages, 10, noCut);
    expect(seqs(window)).toEqual([1, 3, 4, 5]);
    expect(window).toMatchObject({ totalTokens: 10, truncationApplied: true });
  });

  it('keeps messages of no tokens at all', () => {
    expect(seqs(fitWindow([message(1, { tokens: 0 }), message(2, { tokens: 10 })], 10, noCut))).toEqual([1, 2]);
  });

  it('is empty and whole for an empty conversation', () => {
    expect(fitWindow([], 10, noCut)).toEqual({ messages: [], totalTokens: 0, truncationApplied: false });
  });
});

describe('a memory window that the system messages and the newest do not fit', () => {
  it('has the newest message alone, cut, if that is over the budget', () => {
    const messages = [message(1, { tokens: 1 }), long(2, 100)];
    expect(fitWindow(messages, 10, byCharacters)).toEqual({ messages: [{ ...messages[1], content: 'abcdefghij', tokens: 10 }], totalTokens: 10, truncationApplied: true });
  });

  it('has the newest message cut to what the system messages leave', () => {
    expect(tokensBySeq(fitWindow([system(1, 3), message(2), long(3, 100)], 10, byCharacters))).toEqual([[1, 3], [3, 7]]);
  });

  it('has at least half of the budget for the newest message, and the rest for system messages, oldest first', () => {
    expect(tokensBySeq(fitWindow([system(1, 3), system(2, 4), system(3, 1), message(4), long(5, 100)], 10, byCharacters))).toEqual([[1, 3], [2, 2], [5, 5]]);
  });

  it('gives the newest message the odd token of the half', () => {
    expect(tokensBySeq(fitWindow([system(1, 30), long(2, 30)], 7, byCharacters))).toEqual([[1, 3], [2, 4]]);
    expect(tokensBySeq(fitWindow([system(1, 30), long(2, 30)], 1, byCharacters))).toEqual([[2, 1]]);
  });

  it('leaves a short newest message whole, and all else to the system messages', () => {
    const window = fitWindow([system(1, 100), message(2, { tokens: 0 }), long(3, 2)], 10, byCharacters);
    expect(tokensBySeq(window)).toEqual([[1, 8], [3, 2]]);
    expect(window.truncationApplied).toBe(true);
  });

  it('has a newest system message once, cut like any other', () => {
    expect(tokensBySeq(fitWindow([system(1, 3)], 1, byCharacters))).toEqual([[1, 1]]);
    expect(tokensBySeq(fitWindow([system(1, 8), system(2, 8)], 10, byCharacters))).toEqual([[1, 5], [2, 5]]);
  });

  it('leaves out what is cut to nothing', () => {
    const nothing: Truncate = () => ({ text: '', tokens: 0 });
    expect(fitWindow([system(1, 100), long(2, 100)], 10, nothing)).toEqual({ messages: [], totalTokens: 0, truncationApplied: true });
    expect(fitWindow([system(1, 100), long(2, 100)], 0, byCharacters)).toEqual({ messages: [], totalTokens: 0, truncationApplied: true });
  });

  it('gives what a cut has left over to nobody', () => {
    const wasteful: Truncate = (text, maxTokens) => byCharacters(text, maxTokens - 3);
    expect(tokensBySeq(fitWindow([message(1, { tokens: 1 }), long(2, 100)], 10, wasteful))).toEqual([[2, 7]]);
    expect(tokensBySeq(fitWindow([system(1, 9), system(2, 1), message(3, { tokens: 1 }), long(4, 2)], 10, wasteful))).toEqual([[1, 5], [4, 2]]);
  });

  it('is not cut if the messages, counted again, fit: another model counts otherwise', () => {
    const half: Truncate = (text) => ({ text, tokens: 5 });
    const window = fitWindow([message(1, { tokens: 3 }), message(2, { tokens: 5 }), long(3, 20)], 13, half);
    expect(window).toMatchObject({ totalTokens: 13, truncationApplied: false });
    expect(tokensBySeq(window)).toEqual([[1, 3], [2, 5], [3, 5]]);
  });
});

describe('any memory window', () => {
  const ROLES = ['user', 'assistant', 'user', 'assistant', 'system'] as const;
  const random = new SeededRandom(75);
  const cases = Array.from({ length: 3_000 }, () => ({
    messages: Array.from({ length: random.int(12) }, (_, index) => long(index + 1, random.int(4) === 0 ? random.int(100) : random.int(8), { role: random.pick(ROLES) })),
    budget: 1 + random.int(60),
    /** Cuts waste up to two tokens, as those at words do. */
    waste: random.int(3),
  }));
  const windows = cases.map(({ messages, budget, waste }) => {
    const before = structuredClone(messages);
    const truncate = jest.fn<Truncate>((text, maxTokens) => (text.length <= maxTokens ? byCharacters(text, maxTokens) : byCharacters(text, maxTokens - waste)));
    return { before, messages, budget, waste, truncate, window: fitWindow(messages, budget, truncate) };
  });

  it('is never over the budget, and its total is the sum', () => {
    for (const { budget, window } of windows) {
      expect(window.totalTokens).toBeLessThanOrEqual(budget);
      expect(window.totalTokens).toBe(window.messages.reduce((sum, { tokens }) => sum + tokens, 0));
    }
  });

  it('leaves what it is given as it was', () => {
    for (const { before, messages } of windows) expect(messages).toEqual(before);
  });

  it('is oldest first, of messages that are there, each whole or a beginning', () => {
    for (const { messages, window } of windows) {
      expect(seqs(window)).toEqual([...new Set(seqs(window))].sort((a, b) => a - b));
      for (const shown of window.messages) {
        const original = messages[shown.seq - 1]!;
        expect(original.content.startsWith(shown.content)).toBe(true);
        expect({ ...shown, content: '', tokens: 0 }).toEqual({ ...original, content: '', tokens: 0 });
        expect(shown.tokens).toBe(shown.content.length);
      }
    }
  });

  it('has the newest message, and every system message that the budget can hold', () => {
    for (const { messages, budget, waste, window } of windows) {
      const pinned = messages.filter(({ role }, index) => role === 'system' || index === messages.length - 1);
      if (messages.length > 0 && Math.ceil(budget / 2) > waste) expect(seqs(window)).toContain(messages.length);
      if (pinned.reduce((sum, { tokens }) => sum + tokens, 0) <= budget) expect(window.messages).toEqual(expect.arrayContaining(pinned));
    }
  });

  it('has of the others the newest, whole, without a gap, and as many as fit', () => {
    for (const { messages, budget, window } of windows) {
      const others = messages.slice(0, -1).filter(({ role }) => role !== 'system');
      const kept = others.filter(({ seq }) => seqs(window).includes(seq));
      expect(kept).toEqual(others.slice(others.length - kept.length));
      expect(window.messages.filter(({ seq }) => kept.some((other) => other.seq === seq))).toEqual(kept);
      const next = others.at(-kept.length - 1);
      const arePinnedWhole = messages.filter((each) => !others.includes(each)).every((each) => window.messages.includes(each));
      if (next && arePinnedWhole) expect(window.totalTokens + next.tokens).toBeGreaterThan(budget);
    }
  });

  it('says truncated exactly if it is not what it was given', () => {
    for (const { messages, window } of windows) expect(window.truncationApplied).toBe(JSON.stringify(window.messages) !== JSON.stringify(messages));
    expect(new Set(windows.map(({ window }) => window.truncationApplied))).toEqual(new Set([true, false]));
  });

  it('counts nothing again unless the system messages and the newest are too many', () => {
    for (const { messages, budget, truncate } of windows) {
      const pinned = messages.filter(({ role }, index) => role === 'system' || index === messages.length - 1);
      if (pinned.reduce((sum, { tokens }) => sum + tokens, 0) <= budget) expect(truncate).not.toHaveBeenCalled();
    }
    expect(windows.filter(({ truncate }) => truncate.mock.calls.length > 0).length).toBeGreaterThan(100);
  });
});
