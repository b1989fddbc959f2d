import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MemorySettings } from '../../../shared/config/index.js';
import { cl100kCounting, o200kCounting } from './byte-pair-counting.js';
import { TokenCounter } from './token-counter.service.js';

const counter = (tokenCounting: MemorySettings['tokenCounting'] = 'auto'): TokenCounter => new TokenCounter(Object.assign(new MemorySettings(), { tokenCounting }));
/** Japanese: 2 tokens in o200k_base, 4 in cl100k_base, 7 characters. */
const TEXT = 'こんにちは世界';
const countsOf = (tokens: TokenCounter): number[] => ['builtin/chat', 'gpt-4o', 'gpt-4', 'llama3-8b-8192', ''].map((model) => tokens.count(TEXT, model));

describe('the token counter', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('counts as the model does, and by the words where that is not known', () => {
    expect(countsOf(counter())).toEqual([2, 2, 4, 7, 7]);
  });

  it('counts with a tokenizer for every model if told to', () => {
    expect(countsOf(counter('tokenizer'))).toEqual([2, 2, 4, 2, 2]);
  });

  it('counts by the words for every model if told to', () => {
    expect(countsOf(counter('estimate'))).toEqual([7, 7, 7, 7, 7]);
  });

  it('cuts as it counts', () => {
    const tokens = counter();
    expect(['gpt-4o', 'gpt-4', 'llama3-8b-8192'].map((model) => tokens.truncate(TEXT, model, 1).text)).toEqual(['こんにちは', 'こんにちは', 'こ']);
    expect(counter('estimate').truncate(TEXT, 'gpt-4o', 3)).toEqual({ text: 'こんに', tokens: 3 });
  });

  it('gives a model the count of another with the same tokenizer, and never that of one with another tokenizer', () => {
    const [o200k, cl100k] = [jest.spyOn(o200kCounting, 'count'), jest.spyOn(cl100kCounting, 'count')];
    const tokens = counter();
    for (let i = 0; i < 2; i++) expect(countsOf(tokens)).toEqual([2, 2, 4, 7, 7]);
    expect([o200k.mock.calls, cl100k.mock.calls]).toEqual([[[TEXT]], [[TEXT]]]);
  });

  it('remembers texts of 1024 characters and none that is longer', () => {
    const count = jest.spyOn(o200kCounting, 'count');
    const tokens = counter();
    for (const text of ['a'.repeat(1_024), 'a'.repeat(1_024), 'a'.repeat(1_025), 'a'.repeat(1_025)]) tokens.count(text, 'gpt-4o');
    expect(count.mock.calls.map(([text]) => text.length)).toEqual([1_024, 1_025, 1_025]);
  });

  it('forgets the oldest of more than 4096 texts', () => {
    const tokens = counter();
    for (let i = 0; i <= 4_096; i++) tokens.count(`text ${String(i)}`, 'gpt-4o');
    const count = jest.spyOn(o200kCounting, 'count');
    tokens.count('text 4096', 'gpt-4o');
    tokens.count('text 1', 'gpt-4o');
    expect(count).not.toHaveBeenCalled();
    tokens.count('text 0', 'gpt-4o');
    expect(count).toHaveBeenCalledTimes(1);
  });
});
