import { describe, expect, it } from '@jest/globals';
import { AppError } from '../errors/index.js';
import { loadSettings, parseModelLimits } from './index.js';

function refusalOf(text: string): string {
  try {
    loadSettings({ DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://r', MEMORY_MODEL_LIMITS: text });
    return '';
  } catch (error) {
    return (error as AppError).message;
  }
}

describe('a text of model limits', () => {
  it('says the tokens of each model', () => {
    const { limits, fault } = parseModelLimits('gpt-4=8000, llama3.2:3b = 10,openai/gpt-4o=100000000');
    expect([...limits]).toEqual([['gpt-4', 8_000], ['llama3.2:3b', 10], ['openai/gpt-4o', 100_000_000]]);
    expect(fault).toBeNull();
  });

  it.each(['', ' '])('says nothing when it is %j', (text) => {
    expect(parseModelLimits(text)).toEqual({ limits: new Map(), fault: null });
  });

  it('takes names that JavaScript knows too', () => {
    expect([...parseModelLimits('__proto__=10,constructor=11').limits.keys()]).toEqual(['__proto__', 'constructor']);
  });

  it.each([
    ['a=10,gpt-4', 'gpt-4', 'model=tokens'],
    ['a=10,gpt-4=', 'gpt-4=', 'model=tokens'],
    ['a=10,=6000', '=6000', 'model=tokens'],
    ['gpt-4=6k', 'gpt-4=6k', 'whole number'],
    ['gpt-4=6000.5', 'gpt-4=6000.5', 'whole number'],
    ['gpt-4=-6000', 'gpt-4=-6000', 'whole number'],
    ['a=b=10', 'a=b=10', 'model=tokens'],
    ['two words=10', 'two words=10', 'model=tokens'],
    ['a=10,', '', 'model=tokens'],
    ['a=10,,b=10', '', 'model=tokens'],
    ['gpt-4=9', 'gpt-4=9', '10 to 100000000'],
    ['gpt-4=100000001', 'gpt-4=100000001', '10 to 100000000'],
    ['a=10,b=10,a=11', 'a=11', 'a second time'],
  ])('"%s" is refused at start by its entry "%s"', (text, entry, rule) => {
    const lines = refusalOf(text).split('\n  ');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^MEMORY_MODEL_LIMITS: entry "/);
    expect(lines[1]).toContain(`entry "${entry}"`);
    expect(lines[1]).toContain(rule);
  });
});
