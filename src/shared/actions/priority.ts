import type { Tier } from '../../contracts/index.js';

/**
 * How much later than the strongest tier a tier's jobs line up, milliseconds. It is also the longest time within which stronger
 * tiers overtake a job, so nobody is starved.
 *
 * @source a guess: docs/decisions/0016
 */
const BEHIND_MS: Readonly<Record<Tier, number>> = { enterprise: 0, professional: 10_000, advance: 20_000, free: 30_000 };

/** A job that says nothing of its priority lines up as late as this. */
export const LAST_BEHIND_MS = BEHIND_MS.free;

/**
 * Bull's priority of a job: the time at which it would stand in line if all tiers were equal; Bull takes the smallest first, and the
 * older of two that are equal. It is fixed when the job is added, so a job that waits moves to the front by itself.
 *
 * @param dueAtMs when the job may begin, milliseconds since 1970
 * @returns milliseconds since 1970
 */
export function priorityOf(tier: Tier, dueAtMs: number): number {
  return dueAtMs + BEHIND_MS[tier];
}
