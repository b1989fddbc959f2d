import { type MemorySettings, parseModelLimits } from '../../../shared/config/index.js';

/**
 * Tokens of a model, already reduced by what prompts and tools need.
 *
 * @source seed 003, `model_token_limits` of the conversation service
 */
const LIMITS: ReadonlyMap<string, number> = new Map([
  ['llama3-8b-8192', 6_000],
  ['llama3-70b-8192', 6_000],
  ['gpt-4', 28_000],
  ['gpt-4-32k', 28_000],
  ['claude-3-sonnet', 120_000],
  ['claude-3-opus', 120_000],
]);

/** Tokens of history that a model may be shown; at least one. */
export type HistoryBudget = (model: string) => number;

/**
 * The budget of every model under these settings: the whole part of limit × share. Settings that the start has accepted.
 *
 * @source seed 003, `MemoryManager`: `int(limit × 0.7)`, 30 % are kept for the answer
 */
export function historyBudget({ modelLimits, defaultLimitTokens, windowShare }: MemorySettings): HistoryBudget {
  const limits = new Map([...LIMITS, ...parseModelLimits(modelLimits).limits]);
  return (model) => Math.floor((limits.get(model) ?? defaultLimitTokens) * windowShare);
}
