import type { RateLimit } from '../../../shared/http/index.js';
import type { Taken } from '../runs/acceptance.js';
import type { RunLimits } from './usage.js';

/** The window with the least left; undefined where turns are not limited. */
export function rateOf({ requestsPerMinute, requestsPerDay }: RunLimits, { minute, day }: Taken): RateLimit | undefined {
  const windows = [[requestsPerMinute, minute], [requestsPerDay, day]] as const;
  const rates = windows.flatMap(([limit, { taken, resetMs }]) => (limit === undefined ? [] : [{ limit, remaining: Math.max(0, limit - taken), resetMs }]));
  return rates.sort((a, b) => a.remaining - b.remaining)[0];
}
