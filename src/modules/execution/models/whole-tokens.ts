/** More than any call has. */
const MOST_TOKENS = 1_000_000_000;

/** A number of tokens as it can be counted, whatever a provider says of it: whole, not below 0, and not without end. */
export function wholeTokens(said = 0): number {
  return said >= 0 ? Math.min(MOST_TOKENS, Math.round(said)) : 0;
}
