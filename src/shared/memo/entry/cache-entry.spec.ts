import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { UNSET } from '../symbols.js';
import { CacheEntry } from './cache-entry.js';
import { entryOfText, entryText } from './entry-text.js';
import { ttlMs } from './ttl.js';

const add = (x: number, y: number): number => x + y;

describe('an entry', () => {
  it('has the name of the function and the inputs but the excluded ones', () => {
    const entry = CacheEntry.fromArgs(add, { x: 5, y: 10, z: 1 }, { output: 15, exclude: ['z'] });
    expect(entry.toDict()).toEqual({ func: 'add', inputs: { x: 5, y: 10 }, output: 15, metadata: {} });
    expect(CacheEntry.fromArgs('compute', { n: 1 }).func).toBe('compute');
  });

  it('takes inputs called as its own parts', () => {
    const inputs = { func: 1, inputs: 2, output: 3, expected: 4, metadata: 5, exclude: 6, self: 7 };
    expect(CacheEntry.fromArgs('f', inputs, { output: 'o' }).inputs).toEqual(inputs);
  });

  it('is equal when it comes back from plain data', () => {
    for (const rest of [{ output: 5050, expected: 5050, metadata: { at: 'now' } }, { output: null }, { expected: undefined }, {}]) {
      const entry = CacheEntry.fromArgs('compute', { n: 100 }, rest);
      expect(CacheEntry.fromDict(entry.toDict()).equals(entry)).toBe(true);
      expect(entryOfText(entryText(entry)).equals(entry)).toBe(true);
      expect('expected' in entry.toDict()).toBe('expected' in rest);
      expect('output' in entry.toDict()).toBe('output' in rest);
    }
    expect(CacheEntry.fromDict({ func: 'f', inputs: { a: 1, b: 2 } }, { exclude: ['b'] }).inputs).toEqual({ a: 1 });
    expect(CacheEntry.fromArgs('f', {}, { output: 1 }).equals(CacheEntry.fromArgs('f', {}, { output: 2 }))).toBe(false);
  });

  it('is cloned with other parts, and stays as it is', () => {
    const original = CacheEntry.fromArgs('compute', { n: 10, debug: true }, { output: 100, metadata: { v: 1, w: 1 } });
    const modified = original.clone({ output: 200, metadata: { v: 2 }, exclude: ['debug'] });
    expect(modified.toDict()).toEqual({ func: 'compute', inputs: { n: 10 }, output: 200, metadata: { v: 2 } });
    expect(original.toDict()).toEqual({ func: 'compute', inputs: { n: 10, debug: true }, output: 100, metadata: { v: 1, w: 1 } });
    expect(original.clone({ output: UNSET }).output).toBe(UNSET);
  });

  it('is annotated in a copy, whose metadata are merged', () => {
    const entry = CacheEntry.fromArgs('fibonacci', { n: 10 }, { output: 54, metadata: { by: 'run' } });
    const annotated = entry.annotate({ expected: 55, metadata: { source: 'ground_truth' } });
    expect([annotated.value, annotated.output, annotated.annotated, annotated.metadata]).toEqual([55, 54, true, { by: 'run', source: 'ground_truth' }]);
    expect([entry.value, entry.annotated, entry.expected, entry.metadata]).toEqual([54, false, UNSET, { by: 'run' }]);
    expect(entry.annotate().expected).toBe(54);
  });

  it('is annotated by null, and not by nothing', () => {
    const entry = CacheEntry.fromArgs('f', {}, { output: 1 });
    expect([entry.annotate({ expected: null }).value, entry.annotate({ expected: null }).annotated]).toEqual([null, true]);
    expect(CacheEntry.fromArgs('f').annotate().annotated).toBe(false);
    expect(CacheEntry.fromArgs('f').value).toBe(UNSET);
  });

  it('cannot be changed, neither by what it was made of nor by what it gives', () => {
    const inputs = { list: [1], at: new Date(0) };
    const output = { map: new Map([['a', [1]]]) };
    const entry = CacheEntry.fromArgs('f', inputs, { output });
    inputs.list.push(2);
    inputs.at.setTime(1);
    output.map.set('b', []);
    (entry.output as typeof output).map.set('c', []);
    (entry.inputs as typeof inputs).at.setTime(2);
    expect(() => (CacheEntry.fromArgs('f', { list: [1] }).inputs['list'] as number[]).push(3)).toThrow(TypeError);
    expect(() => Object.assign(entry, { func: 'g' })).toThrow(TypeError);
    (entry.toDict().inputs['list'] as number[]).push(4);
    expect(entry.toDict()).toEqual({ func: 'f', inputs: { list: [1], at: new Date(0) }, output: { map: new Map([['a', [1]]]) }, metadata: {} });
  });

  it.each([
    ['all that JSON has', { a: [1, 'b', null, true, { c: {} }] }],
    ['what JSON does not have', [undefined, NaN, -0, Infinity, 10n ** 30n, new Date(5), new Date(NaN), new Map([[{ a: 1 }, new Set([1n])]]), /a/gi, new URL('http://a/b'), Buffer.from('a'), Float64Array.of(1.5)]],
    ['look-alikes of tags', { __obj_type__: 'bigint', value: '1', more: [{ __obj_type__: 1 }] }],
    ['a key called __proto__', JSON.parse('{"__proto__":{"polluted":1}}')],
  ])('comes back from its text with %s', (_, output) => {
    const entry = CacheEntry.fromArgs('f', { output }, { output });
    const back = entryOfText(entryText(entry, 4));
    expect(inspect(back.toDict(), { depth: null })).toBe(inspect(entry.toDict(), { depth: null }));
    expect(back.equals(entry)).toBe(true);
    expect(back.key).toBe(entry.key);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(['', '{', 'null', '[]', '{"func":1,"inputs":{}}', '{"func":"f"}', '{"func":"f","inputs":{"a":{"__obj_type__":"constructor"}}}', '{"func":"f","inputs":{"a":{"__obj_type__":"Agent"}}}'])('is not read from %j', (text) => {
    expect(() => entryOfText(text)).toThrow(expect.objectContaining({ code: 'MEMO_ENTRY_DAMAGED' }));
  });

  it.each([() => 1, Symbol('a'), new (class Agent {})(), [new Error('x')]])('does not take what is no plain data as output', (output) => {
    expect(() => CacheEntry.fromArgs('f', {}, { output })).toThrow(expect.objectContaining({ code: 'UNCACHEABLE_VALUE' }));
  });
});

describe('a ttl', () => {
  it.each([['1h', 3_600_000], ['30m', 1_800_000], ['250ms', 250], ['1.5s', 1_500], ['7 d', 604_800_000], [60, 60_000], [0.5, 500]])('of %j is %j ms', (ttl, ms) => {
    expect(ttlMs(ttl)).toBe(ms);
  });

  it.each([0, -1, NaN, Infinity, '', '1', 'h', '-1h', '1 week', '1e3s', null, undefined, {}, '0s', 1e20])('cannot be %j', (ttl) => {
    expect(() => ttlMs(ttl)).toThrow(expect.objectContaining({ code: 'MEMO_TTL_INVALID' }));
  });
});
