/** More than any call has; as many calls as a run may make have less than 2³¹ together, which is what the column of a command takes. */
const MOST_TOKENS = 20_000_000;

/** A number of tokens as it can be counted, whatever a provider says of it: whole, not below 0, and not without end. */
export function wholeTokens(said = 0): number {
  return said >= 0 ? Math.min(MOST_TOKENS, Math.round(said)) : 0;
}
