import { describe, expect, it } from '@jest/globals';
import { retryAfterMsOf, verdictOf, waitMs } from './webhook-schedule.js';

describe('an answer to a webhook', () => {
  it.each([[200, 'delivered'], [204, 'delivered'], [299, 'delivered'], [301, 'failed'], [307, 'failed'], [304, 'failed'], [400, 'failed'], [401, 'failed'], [404, 'failed'], [410, 'failed'], [422, 'failed'], [408, 'again'], [429, 'again'], [500, 'again'], [503, 'again'], [599, 'again']] as const)('of %i: %s', (httpStatus, verdict) => {
    expect(verdictOf(httpStatus)).toBe(verdict);
  });
});

describe('the wait for the next try', () => {
  const middle = (): number => 0.5;

  it('is five times as long each time, up to six hours', () => {
    const waits = Array.from({ length: 9 }, (_, i) => waitMs({ firstMs: 5_000, triesMade: i + 1, retryAfterMs: 0 }, middle) / 1_000);
    expect(waits).toEqual([5, 25, 125, 625, 3_125, 15_625, 21_600, 21_600, 21_600]);
  });

  it('is a fifth shorter or longer by chance', () => {
    const wait = { firstMs: 1_000, triesMade: 1, retryAfterMs: 0 };
    expect([waitMs(wait, () => 0), waitMs(wait, () => 1)]).toEqual([800, 1_200]);
  });

  it('is as long as the receiver asks for, if that is longer, up to an hour', () => {
    const waits = [500, 60_000, 86_400_000].map((retryAfterMs) => waitMs({ firstMs: 1_000, triesMade: 1, retryAfterMs }, middle));
    expect(waits).toEqual([1_000, 60_000, 3_600_000]);
  });

  it.each([[null, 0], ['120', 120_000], ['0', 0], ['Wed, 21 Oct 2026 07:28:10 GMT', 10_000], ['Wed, 21 Oct 2025 07:28:00 GMT', 0], ['soon', 0], ['-5', 0], ['', 0]])('reads Retry-After %j as %i ms', (header, ms) => {
    expect(retryAfterMsOf(header, Date.parse('2026-10-21T07:28:00Z'))).toBe(ms);
  });
});
