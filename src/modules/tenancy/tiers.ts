import { TIERS, type Tier } from '../../contracts/index.js';

/** What a tier allows. */
export interface TierLimits {
  /** Model calls in one run at the most. */
  readonly maxIterations: number;
  /** Tools of one run at the most; those that an agent names after them are left out. null is without limit. */
  readonly maxTools: number | null;
  /** Longest run, milliseconds. */
  readonly runTimeoutMs: number;
  /** What a client is told to expect before its turn begins under load, seconds. */
  readonly estimatedSeconds: number;
  /** Active conversations of a tenant at the most; null is without limit. */
  readonly maxActiveConversations: number | null;
  /** Messages of one conversation at the most; the answer to the last one comes on top. null is without limit. */
  readonly maxMessagesPerConversation: number | null;
  /** A conversation that has been silent for this long is archived; after as long again its content is erased. Days. */
  readonly retentionDays: number;
}

/**
 * The numbers of the tiers.
 *
 * @source `originals.md` section 1.4
 */
export const TIER_LIMITS: Readonly<Record<Tier, TierLimits>> = {
  free: { maxIterations: 3, maxTools: 2, runTimeoutMs: 30_000, estimatedSeconds: 30, maxActiveConversations: 3, maxMessagesPerConversation: 50, retentionDays: 7 },
  advance: { maxIterations: 5, maxTools: 5, runTimeoutMs: 60_000, estimatedSeconds: 20, maxActiveConversations: 10, maxMessagesPerConversation: 200, retentionDays: 30 },
  professional: { maxIterations: 10, maxTools: 10, runTimeoutMs: 120_000, estimatedSeconds: 10, maxActiveConversations: 50, maxMessagesPerConversation: 1000, retentionDays: 90 },
  enterprise: { maxIterations: 20, maxTools: null, runTimeoutMs: 300_000, estimatedSeconds: 5, maxActiveConversations: null, maxMessagesPerConversation: null, retentionDays: 365 },
};

/** True when `tier` is at least `minimum`. */
export function isAtLeast(tier: Tier, minimum: Tier): boolean {
  return TIERS.indexOf(tier) >= TIERS.indexOf(minimum);
}
