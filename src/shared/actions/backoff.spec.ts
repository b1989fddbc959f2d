import { describe, expect, it } from '@jest/globals';
import { ACTIONS } from '../../contracts/index.js';
import { backoffMs } from './backoff.js';

const [least, middle, most] = [0, 0.5, 1 - Number.EPSILON].map((value) => () => value);

describe('the back-off', () => {
  it('doubles from try to try, up to 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 240].map((made) => backoffMs(1_000, made, middle))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it.each([[1_000, 1, 800, 1_200], [500, 3, 1_600, 2_400], [1_000, 100, 24_000, 36_000], [0, 1, 0, 0]])('of %i ms after try %i is between %i and %i ms', (firstMs, made, from, to) => {
    expect([backoffMs(firstMs, made, least), backoffMs(firstMs, made, most)]).toEqual([from, to]);
  });

  it('is left to chance: of many jobs few wait equally long, and none too short or too long', () => {
    const waits = Array.from({ length: 1_000 }, () => backoffMs(1_000, 4));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(6_400);
    expect(Math.max(...waits)).toBeLessThanOrEqual(9_600);
    expect(new Set(waits).size).toBeGreaterThan(500);
  });

  it('lets accepted turns outlast two hours, even if chance is against it all the time, but for what it takes off', () => {
    const { attempts, backoffMs: firstMs } = ACTIONS['execution.agent_run'];
    const inAll = (random: () => number): number => Array.from({ length: attempts - 1 }, (_, i) => backoffMs(firstMs, i + 1, random)).reduce((a, b) => a + b, 0);
    expect(inAll(middle!)).toBeGreaterThan(115 * 60_000);
    expect(inAll(least!)).toBeGreaterThan(90 * 60_000);
  });
});
