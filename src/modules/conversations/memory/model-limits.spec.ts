import { describe, expect, it } from '@jest/globals';
import { historyBudgetTokens } from './model-limits.js';

describe('the history budget', () => {
  it('is 70 % of the limit of a known model, a whole number of tokens', () => {
    expect(historyBudgetTokens('gpt-4')).toBe(19_600);
    expect(historyBudgetTokens('claude-3-opus')).toBe(84_000);
  });

  it.each(['builtin/chat', '', '__proto__', 'constructor'])('is that of a small model for the unknown name "%s"', (model) => {
    expect(historyBudgetTokens(model)).toBe(4_200);
  });
});
