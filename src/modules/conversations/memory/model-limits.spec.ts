import { describe, expect, it } from '@jest/globals';
import { MemorySettings } from '../../../shared/config/index.js';
import { type HistoryBudget, historyBudget } from './model-limits.js';

const budget = (settings: Partial<MemorySettings> = {}): HistoryBudget => historyBudget(Object.assign(new MemorySettings(), settings));

describe('the history budget', () => {
  it.each([
    ['llama3-8b-8192', 4_200],
    ['llama3-70b-8192', 4_200],
    ['gpt-4', 19_600],
    ['gpt-4-32k', 19_600],
    ['claude-3-sonnet', 84_000],
    ['claude-3-opus', 84_000],
  ])('is 70 %% of the limit of the known model %s: %i tokens', (model, tokens) => {
    expect(budget()(model)).toBe(tokens);
  });

  it.each(['builtin/chat', '', '__proto__', 'constructor'])('is that of a small model for the unknown name "%s"', (model) => {
    expect(budget()(model)).toBe(4_200);
  });

  it('takes the limits of the settings before its own, and leaves the others as they are', () => {
    const tokensOf = budget({ modelLimits: 'gpt-4=1000,tiny=100' });
    expect(['gpt-4', 'tiny', 'gpt-4-32k', 'other'].map(tokensOf)).toEqual([700, 70, 19_600, 4_200]);
  });

  it('takes the limit of unknown models and the share from the settings, and never a part of a token', () => {
    expect(budget({ defaultLimitTokens: 1_001 })('other')).toBe(700);
    expect(budget({ windowShare: 0.5 })('gpt-4')).toBe(14_000);
    expect(budget({ windowShare: 1, defaultLimitTokens: 11 })('other')).toBe(11);
  });

  it('is never nothing at the least of every setting', () => {
    expect(budget({ windowShare: 0.1, modelLimits: 'tiny=10', defaultLimitTokens: 10 })('tiny')).toBe(1);
    expect(budget({ windowShare: 0.1, defaultLimitTokens: 10 })('other')).toBe(1);
  });
});
