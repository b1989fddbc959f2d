import { describe, expect, it } from '@jest/globals';
import { message } from '../../../test/factories/conversation.js';
import { firstShown, markWithdrawn, withoutWithdrawn } from './withdrawn.js';

const messages = [1, 2, 3, 4].map((seq) => message(seq));

describe('withdrawn messages', () => {
  it('are left out, or marked', () => {
    expect(withoutWithdrawn(messages, [2, 4, 9]).map(({ seq }) => seq)).toEqual([1, 3]);
    expect(markWithdrawn(messages, [2, 4]).map(({ isWithdrawn }) => isWithdrawn)).toEqual([undefined, true, undefined, true]);
    expect(withoutWithdrawn(messages, [])).toBe(messages);
    expect(markWithdrawn(messages, [])).toBe(messages);
  });

  it.each<[newest: number, count: number, withdrawn: number[], first: number]>([
    [10, 3, [], 8],
    [10, 3, [7], 8],
    [10, 3, [8], 7],
    [10, 3, [9, 10], 6],
    [10, 3, [6, 9, 10], 5],
    [10, 3, [7, 8, 9, 10], 4],
    [10, 3, [1, 10], 7],
    [10, 20, [3], 1],
    [3, 3, [1, 2, 3], 1],
    [0, 3, [], 1],
  ])('of %i messages make place: the newest %i without %j begin at %i', (newest, count, withdrawn, first) => {
    expect(firstShown(newest, count, withdrawn)).toBe(first);
  });
});
