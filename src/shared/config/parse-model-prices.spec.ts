import { describe, expect, it } from '@jest/globals';
import { parseModelPrices } from './parse-model-prices.js';

describe('prices of models', () => {
  it('are read by their names', () => {
    expect(parseModelPrices('gpt-4o=2.5/10, llama3-8b-8192=0.05/0.08')).toEqual({ fault: null, prices: new Map([['gpt-4o', { input: 2.5, output: 10 }], ['llama3-8b-8192', { input: 0.05, output: 0.08 }]]) });
    expect(parseModelPrices(' ')).toEqual({ fault: null, prices: new Map() });
  });

  it.each([['gpt-4o', 'must be model=input/output'], ['gpt-4o=2.5', 'must be'], ['gpt-4o=-1/1', 'must be'], ['a=1/1,a=2/2', 'names its model a second time'], ['=1/2', 'must be']])('are refused when they say %s', (text, fault) => {
    expect(parseModelPrices(text).fault).toContain(fault);
  });
});
