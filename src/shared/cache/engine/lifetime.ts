import type { CacheType } from '../cache-registry.js';
import type { Timing } from './memory.js';

/** Of a time to live this part is random, so that what was cached together does not end together. */
const JITTER = 0.1;

/** How long an entry lives; milliseconds. */
export interface Lifetime {
  /** 0 is without end. */
  readonly ttlMs: number;
  readonly graceMs: number;
}

/** How long a value is kept; undefined: not at all. `null` is "known to be none". @param ttlMs wanted, 0 is without end */
export function lifetimeOf(type: CacheType, ttlMs: number, value: unknown): Lifetime | undefined {
  if (value === undefined && !type.keepsUndefined) return undefined;
  if (value !== null) return { ttlMs, graceMs: type.graceMs };
  if (type.absentMs === 0) return undefined;
  return { ttlMs: ttlMs === 0 ? type.absentMs : Math.min(type.absentMs, ttlMs), graceMs: 0 };
}

/** A tenth more or less: for what is loaded, since many load at the same time. */
export function jittered({ ttlMs, graceMs }: Lifetime): Lifetime {
  return { ttlMs: Math.round(ttlMs * (1 + JITTER * (2 * Math.random() - 1))), graceMs };
}

/** The timing of an entry that has just been written. */
export function timingOf({ ttlMs, graceMs }: Lifetime, sizeBytes: number, loadMs: number): Omit<Timing, 'generations'> {
  return { leftMs: ttlMs === 0 ? -1 : ttlMs + graceMs, graceMs, ttlMs, loadMs, sizeBytes };
}

/** What is left of a time after a while; -1 is without end. */
export function leftAfter(leftMs: number, elapsedMs: number): number {
  return leftMs === -1 ? -1 : Math.max(0, leftMs - elapsedMs);
}
