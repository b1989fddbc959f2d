import { describe, expect, it } from '@jest/globals';
import { TIERS, type Tier } from '../../contracts/index.js';
import { LAST_BEHIND_MS, priorityOf } from './priority.js';

const NOW = 1_800_000_000_000;
/** Who is taken first, of jobs that became due at these seconds. */
const order = (...jobs: readonly (readonly [Tier, number])[]): string[] =>
  jobs
    .map(([tier, second]) => ({ name: `${tier} ${String(second)}`, priority: priorityOf(tier, NOW + second * 1_000) }))
    .sort((a, b) => a.priority - b.priority)
    .map(({ name }) => name);

describe('the priority of a job', () => {
  it('puts stronger tiers first among jobs of the same moment', () => {
    expect(order(...TIERS.map((tier) => [tier, 0] as const))).toEqual(['enterprise 0', 'professional 0', 'advance 0', 'free 0']);
  });

  it('lets a free job be overtaken for half a minute and no longer', () => {
    expect(order(['free', 0], ['enterprise', 29], ['enterprise', 31])).toEqual(['enterprise 29', 'free 0', 'enterprise 31']);
  });

  it('lets neighbouring tiers be overtaken for ten seconds', () => {
    expect(order(['professional', 0], ['enterprise', 9], ['enterprise', 11])).toEqual(['enterprise 9', 'professional 0', 'enterprise 11']);
    expect(order(['free', 0], ['advance', 9], ['advance', 11])).toEqual(['advance 9', 'free 0', 'advance 11']);
  });

  it('keeps the order of time within a tier', () => {
    expect(order(['free', 2], ['free', 1], ['free', 0.5])).toEqual(['free 0.5', 'free 1', 'free 2']);
  });

  it('is a number that Lua and a sorted set keep exactly, and never 0, which is none to Bull', () => {
    for (const tier of TIERS) expect(Number.isSafeInteger(priorityOf(tier, NOW)) && priorityOf(tier, NOW) > 0).toBe(true);
  });

  it('is behind every tier at the most as far as that of a job that says nothing', () => {
    for (const tier of TIERS) expect(priorityOf(tier, NOW)).toBeLessThanOrEqual(NOW + LAST_BEHIND_MS);
  });
});
