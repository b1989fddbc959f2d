import { describe, expect, it } from '@jest/globals';
import { BUILTIN_EMBEDDING } from './builtin-embedding.model.js';

const signal = new AbortController().signal;
const vectors = async (...texts: string[]): Promise<readonly (readonly number[])[]> => (await BUILTIN_EMBEDDING.embed(texts, signal)).vectors;
const cosine = (one: readonly number[] = [], other: readonly number[] = []): number => one.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0);

describe('builtin/embedding', () => {
  it('has 256 dimensions, of length 1, the same each time', async () => {
    const [one, same] = await vectors('The quick brown fox', 'The quick brown fox');
    expect([one?.length, Math.abs(Math.hypot(...(one ?? [])) - 1) < 1e-12]).toEqual([256, true]);
    expect(same).toEqual(one);
  });

  it('is what it was: kept vectors stay comparable', async () => {
    const [vector] = await vectors('hello world');
    expect([...(vector ?? []).entries()].filter(([, value]) => value !== 0).map(([place, value]) => `${String(place)} ${value.toFixed(4)}`)).toMatchInlineSnapshot(`
[
  "147 0.6667",
  "167 -0.3333",
  "171 0.6667",
]
`);
  });

  it('is near for texts that share words, nearer in their order, and far for others', async () => {
    const [text, similar, reordered, other] = await vectors('how do I reset my password', 'reset my password please', 'password my reset please', 'the weather in Lima is mild');
    expect(cosine(text, similar)).toBeGreaterThan(cosine(text, reordered));
    expect(cosine(text, reordered)).toBeGreaterThan(0.3);
    expect(Math.abs(cosine(text, other))).toBeLessThan(0.2);
  });

  it('takes spellings of a word for one, and characters of scripts without blanks for words', async () => {
    const [one, other] = await vectors('Crème, BRÛLÉE!', 'cre\u0300me bru\u0302le\u0301e');
    expect(other).toEqual(one);
    const [short, long] = await vectors('今日は天気', '今日は天気がいい');
    expect(cosine(short, long)).toBeGreaterThan(0.6);
  });

  it('is zeros for a text without words, and counts words as tokens', async () => {
    const { vectors: [blank], tokens } = await BUILTIN_EMBEDDING.embed([' … ', 'one two'], signal);
    expect([new Set(blank), tokens]).toEqual([new Set([0]), 2]);
  });
});
