import { describe, expect, it } from '@jest/globals';
import { TIERS } from '../../contracts/index.js';
import { TIER_LIMITS, isAtLeast } from './tiers.js';

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
});
