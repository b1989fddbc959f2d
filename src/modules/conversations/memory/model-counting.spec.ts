import { describe, expect, it } from '@jest/globals';
import { chatEnabledModels } from 'gpt-tokenizer/modelsChatEnabled.gen';
import { cl100kCounting, o200kCounting } from './byte-pair-counting.js';
import { countingOf } from './model-counting.js';

describe('the counting of a model', () => {
  it.each(['gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.5-preview', 'gpt-5', 'gpt-5-mini', 'gpt-5.1', 'o1', 'o1-mini', 'o3', 'o3-mini', 'o4-mini', 'chatgpt-4o-latest', 'gpt-oss-20b'])('%s is counted in o200k_base', (model) => {
    expect(countingOf(model)).toBe(o200kCounting);
  });

  it.each(['gpt-4', 'gpt-4-32k', 'gpt-4-turbo', 'gpt-3.5-turbo', 'gpt-3.5'])('%s is counted in cl100k_base', (model) => {
    expect(countingOf(model)).toBe(cl100kCounting);
  });

  it.each([
    ['gpt-4-32k-0613', cl100kCounting],
    ['gpt-3.5-turbo-16k', cl100kCounting],
    ['gpt-35-turbo', cl100kCounting],
    ['ft:gpt-4:acme::1', cl100kCounting],
    ['ft:gpt-3.5-turbo-0125:acme::1', cl100kCounting],
    ['gpt-4o-2099-01-01', o200kCounting],
    ['gpt-5.9-mini', o200kCounting],
    ['o4-large', o200kCounting],
    ['gpt-oss:20b', o200kCounting],
    ['openai/gpt-4o', o200kCounting],
    ['openai/gpt-oss-120b', o200kCounting],
    ['ft:gpt-4o-mini-2024-07-18:acme::1', o200kCounting],
  ])('%s is counted as its family, though it is on no list', (model, counting) => {
    expect(countingOf(model)).toBe(counting);
  });

  it('the builtin model is counted in o200k_base', () => {
    expect(countingOf('builtin/chat')).toBe(o200kCounting);
  });

  it('every chat model of the tokenizer is known', () => {
    expect(chatEnabledModels.filter((model) => countingOf(model) === undefined)).toEqual([]);
    expect(chatEnabledModels.length).toBeGreaterThan(50);
  });

  it.each(['llama3-8b-8192', 'llama3-70b-8192', 'claude-3-opus', 'gpt2', 'gpt-4all', 'gpt4all', 'gpt-4o1', 'o10', 'o1x', 'text-davinci-003', 'mistral/gpt-4', 'GPT-4', '', '__proto__', 'constructor'])('"%s" has none of ours', (model) => {
    expect(countingOf(model)).toBeUndefined();
  });
});
