/** Where a caller stands with the window of a limit that has the least left. */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends, milliseconds. */
  readonly resetMs: number;
}

/** The headers of answers that a limit is about; `X-RateLimit-Reset` is in seconds from now, as `Retry-After` is. */
export function rateLimitHeaders({ limit, remaining, resetMs }: RateLimit): Record<string, string> {
  return { 'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(Math.ceil(resetMs / 1_000)) };
}

/** The {@link RateLimit} in an error's details, if there is one. */
export function rateLimitOf(details: Readonly<Record<string, unknown>> | undefined): RateLimit | undefined {
  const rate = details?.['rateLimit'];
  return typeof rate === 'object' && rate !== null && 'resetMs' in rate ? (rate as RateLimit) : undefined;
}
