import { describe, expect, it } from '@jest/globals';
import { TIERS } from '../../contracts/index.js';
import { TIER_LIMITS, isAtLeast, limitsOf } from './tiers.js';

describe('tiers', () => {
  it('are ordered free, advance, professional, enterprise', () => {
    const table = TIERS.map((tier) => TIERS.map((minimum) => isAtLeast(tier, minimum)));
    expect(table).toEqual([
      [true, false, false, false],
      [true, true, false, false],
      [true, true, true, false],
      [true, true, true, true],
    ]);
  });

  it('have the numbers of the product', () => {
    const rows = TIERS.map((tier) => [tier, TIER_LIMITS[tier].maxIterations, TIER_LIMITS[tier].maxTools, TIER_LIMITS[tier].runTimeoutMs, TIER_LIMITS[tier].estimatedSeconds]);
    expect(rows).toEqual([
      ['free', 3, 2, 30_000, 30],
      ['advance', 5, 5, 60_000, 20],
      ['professional', 10, 10, 120_000, 10],
      ['enterprise', 20, null, 300_000, 5],
    ]);
  });

  it('let turns in, and agents be made, as many as the product says', () => {
    const rows = TIERS.map((tier) => [tier, TIER_LIMITS[tier].requestsPerMinute, TIER_LIMITS[tier].requestsPerDay, TIER_LIMITS[tier].maxAgents, TIER_LIMITS[tier].maxCollectionsPerAgent, TIER_LIMITS[tier].contextMessages]);
    expect(rows).toEqual([
      ['free', 10, 100, 1, 1, 5],
      ['advance', 50, 1_000, 3, 3, 15],
      ['professional', 200, 10_000, 10, 10, 30],
      ['enterprise', null, null, null, null, 50],
    ]);
  });

  it('are what counts, unless an administrator has said otherwise; null is said, too', () => {
    expect(limitsOf('free')).toEqual(TIER_LIMITS.free);
    expect(limitsOf('free', { requestsPerMinute: null, maxAgents: 0 })).toEqual({ ...TIER_LIMITS.free, requestsPerMinute: null, maxAgents: 0 });
  });
});
