/** Share of a model's limit that the history may take; the rest is for the answer. */
const HISTORY_SHARE = 0.7;
const UNKNOWN_MODEL = 6_000;

/**
 * Tokens of a model, already reduced by what prompts and tools need.
 *
 * @source `originals.md` section 1.11 (seed 003)
 */
const LIMITS = new Map([
  ['llama3-8b-8192', 6_000],
  ['llama3-70b-8192', 6_000],
  ['gpt-4', 28_000],
  ['gpt-4-32k', 28_000],
  ['claude-3-sonnet', 120_000],
  ['claude-3-opus', 120_000],
]);

/** Tokens of history that a model may be shown. */
export function historyBudgetTokens(model: string): number {
  return Math.floor((LIMITS.get(model) ?? UNKNOWN_MODEL) * HISTORY_SHARE);
}
