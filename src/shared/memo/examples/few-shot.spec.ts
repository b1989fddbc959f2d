import { describe, expect, it } from '@jest/globals';
import type { ModelMessage } from 'ai';
import { AsyncMemoCache, CacheEntry, MemoCache, MemoryBackend, entryAssertion, entryName, fewShotExamples, fewShotMessages, fewShotText } from '../index.js';

describe('examples for a prompt', () => {
  const entries = [
    CacheEntry.fromArgs('translate', { text: 'Haus' }, { output: 'home', expected: 'house' }),
    CacheEntry.fromArgs('translate', { text: 'Baum' }),
    CacheEntry.fromArgs('translate', { text: 'Hund' }, { expected: 'dog' }),
    CacheEntry.fromArgs('sum', { a: 2, b: 3 }, { output: 5 }),
  ];

  it('are what should have been before what was, and nothing that has neither', async () => {
    expect(await fewShotExamples(entries)).toEqual([
      { inputs: { text: 'Haus' }, output: 'house' },
      { inputs: { text: 'Hund' }, output: 'dog' },
      { inputs: { a: 2, b: 3 }, output: 5 },
    ]);
    expect(await fewShotExamples([])).toEqual([]);
  });

  it('are of one function, chosen, and as many as are wanted', async () => {
    expect(await fewShotExamples(entries, { func: 'sum' })).toHaveLength(1);
    expect(await fewShotExamples(entries, { filter: ({ annotated }) => annotated })).toHaveLength(2);
    expect((await fewShotExamples(entries, { limit: 2 })).map(({ output }) => output)).toEqual(['house', 'dog']);
    expect(await fewShotExamples(entries, { limit: 0 })).toEqual([]);
  });

  it('are what the cache has now, annotations of nothing that was computed included', async () => {
    for (const cache of [new MemoCache(), new AsyncMemoCache(new MemoryBackend())]) {
      expect(await fewShotExamples(cache)).toEqual([]);
      await cache.set('f', { a: 2, b: 3 }, { expected: 47 });
      expect(await fewShotExamples(cache)).toEqual([{ inputs: { a: 2, b: 3 }, output: 47 }]);
      await cache.annotate('f', { a: 2, b: 3 }, { expected: 48 });
      expect((await fewShotExamples(cache)).map(({ output }) => output)).toEqual([48]);
      await cache.remove('f', { a: 2, b: 3 });
      expect(await fewShotExamples(cache)).toEqual([]);
    }
  });

  it('are a text, and messages', async () => {
    const examples = await fewShotExamples(entries, { limit: 3 });
    expect(fewShotText(examples)).toBe('Input: Haus\nOutput: house\n\nInput: Hund\nOutput: dog\n\nInput: {"a":2,"b":3}\nOutput: 5');
    const messages: ModelMessage[] = fewShotMessages(examples.slice(1));
    expect(messages).toEqual([
      { role: 'user', content: 'Hund' },
      { role: 'assistant', content: 'dog' },
      { role: 'user', content: '{"a":2,"b":3}' },
      { role: 'assistant', content: '5' },
    ]);
    expect([fewShotText([]), fewShotMessages([])]).toEqual(['', []]);
  });

  it('show a model plain JSON', async () => {
    const [example] = await fewShotExamples([CacheEntry.fromArgs('f', { n: 2n ** 60n, at: new Date(0) }, { output: { map: new Map([['a', new Set([1])]]), none: null } })]);
    expect(fewShotText([example!])).toBe('Input: {"n":"1152921504606846976","at":"1970-01-01T00:00:00.000Z"}\nOutput: {"map":{"a":[1]},"none":null}');
    expect(fewShotText([{ inputs: { x: 1 }, output: undefined }])).toBe('Input: {"x":1}\nOutput: null');
  });
});

describe('the name of an entry', () => {
  it.each([
    [{}, {}, 'f()', 'f() = ?'],
    [{ x: 5, y: 10 }, { output: 15 }, 'f(x=5, y=10)', 'f(x=5, y=10) = 15'],
    [{ s: "it's\n", l: [1, { a: null }] }, { output: 1, expected: null }, 'f(s="it\'s\\n", l=[ 1, { a: null } ])', 'f(s="it\'s\\n", l=[ 1, { a: null } ]) = null'],
    [{ s: 'x'.repeat(81) }, { expected: undefined }, `f(s='${'x'.repeat(80)}'... 1 more character)`, `f(s='${'x'.repeat(80)}'... 1 more character) = undefined`],
  ])('with %j and %j is %s', (inputs, rest, name, assertion) => {
    const entry = CacheEntry.fromArgs('f', inputs, rest);
    expect([entryName(entry), entryAssertion(entry)]).toEqual([name, assertion]);
  });
});
