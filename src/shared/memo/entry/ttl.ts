import { memoErrors } from '../memo.errors.js';

/** How long an entry is a hit: seconds, or a text with a unit. */
export type Ttl = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | (string & {});

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEXT = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** Milliseconds of a ttl; the last moment that JavaScript's dates know is the limit. @throws MEMO_TTL_INVALID */
export function ttlMs(ttl: unknown): number {
  const ms = typeof ttl === 'number' ? ttl * 1_000 : typeof ttl === 'string' ? textMs(ttl) : NaN;
  if (!(ms > 0 && Date.now() + ms <= 8.64e15)) throw memoErrors.ttlInvalid(ttl);
  return ms;
}

function textMs(text: string): number {
  const [, count, unit] = TEXT.exec(text.trim()) ?? [];
  return Number(count) * (UNIT_MS[unit ?? ''] ?? NaN);
}
