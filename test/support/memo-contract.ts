import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { CacheEntry, MISS, UNSET } from '../../src/shared/memo/index.js';
import { UNLIKE_ARGUMENTS } from './adversarial-arguments.js';
import { memoises, memoisesBatches, memoisesShared, memoisesStreams } from './memo-contract-calls.js';
import { keepsKnowledge } from './memo-contract-knowledge.js';
import { type ContractSubject, entriesOf, openAnother, openEach, sizeOf } from './memo-contract-subject.js';

const VALUES: readonly (readonly [string, unknown])[] = [
  ['a text', 'value'],
  ['an empty text', ''],
  ['unicode', 'täxt 中文 😀 \u0000 \u2028 \ud800'],
  ['an object', { a: { b: [1, 2] } }],
  ['an empty object', {}],
  ['a list', [1, 'a', null]],
  ['an empty list', []],
  ['null', null],
  ['undefined', undefined],
  ['zero', 0],
  ['minus zero', -0],
  ['NaN', NaN],
  ['false', false],
  ['a BigInt', 10n ** 40n],
  ['a date', new Date(1_700_000_000_123)],
  ['a map and a set', { map: new Map([['b', new Set([1])], ['a', new Set([2])]]) }],
  ['bytes', Uint8Array.from([0, 255, 13, 10])],
  ['an object with 500 keys', Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${String(499 - i)}`, i]))],
  ['a list of 1000', Array.from({ length: 1_000 }, (_, i) => ({ i, text: 'x'.repeat(50) }))],
];

/** What every backend does that keeps something. */
export function keepsTheContract(name: string, subject: ContractSubject): void {
  keepsEntries(name, subject);
  tellsEntriesApart(name, subject);
  givesEntriesBack(name, subject);
  dropsEntries(name, subject);
  memoises(name, subject);
  memoisesStreams(name, subject);
  memoisesBatches(name, subject);
  memoisesShared(name, subject);
  keepsKnowledge(name, subject);
  if (subject.isPersistent) outlivesItsProcess(name, subject);
}

function keepsEntries(name: string, subject: ContractSubject): void {
  describe(`${name} as a store`, () => {
    const at = openEach(subject);

    it.each(VALUES)('gives back %s, in the order that it had', async (_, output) => {
      await at.cache.set(CacheEntry.fromArgs('f', { output }, { output, metadata: { output } }));
      expect(await at.cache.get('f', { output })).toStrictEqual(output);
      expect(inspect(await at.cache.get('f', { output }))).toBe(inspect(output));
      const [entry] = await entriesOf(at.cache);
      expect(entry!.toDict()).toStrictEqual({ func: 'f', inputs: { output }, output, metadata: { output } });
    });

    it('acts on exactly one entry', async () => {
      await at.cache.set('f', { x: 1 }, { output: 1 });
      await at.cache.set('f', { x: 2 }, { output: 2 });
      await at.cache.set('g', { x: 1 }, { output: 3 });
      expect([await at.cache.get('f', { x: 1 }), await at.cache.get('f', { x: 2 }), await at.cache.get('g', { x: 1 }), await at.cache.get('g', { x: 2 })]).toEqual([1, 2, 3, MISS]);
      expect([await at.cache.has('f', { x: 1 }), await at.cache.has('f', { x: 3 }), await at.cache.has('f')]).toEqual([true, false, false]);
      expect([await at.cache.remove('f', { x: 1 }), await at.cache.remove('f', { x: 1 }), await at.cache.unset('h')]).toEqual([true, false, false]);
      expect([await at.cache.get('f', { x: 1 }), await at.cache.get('f', { x: 2 }), await sizeOf(at.cache)]).toEqual([MISS, 2, 2]);
      expect(await at.cache.retrieve('f', { x: 1 })).toBe(MISS);
    });

    it('overwrites', async () => {
      await at.cache.set('f', {}, { output: 1, expected: 5 });
      await at.cache.set('f', {}, { output: 2 });
      expect([await at.cache.get('f'), await sizeOf(at.cache)]).toEqual([2, 1]);
      expect(((await at.cache.retrieve('f')) as CacheEntry).annotated).toBe(false);
    });

    it('keeps an entry without output, which is no value', async () => {
      await at.cache.set('f', {}, { metadata: { note: 1 } });
      expect(await at.cache.get('f')).toBe(MISS);
      expect(((await at.cache.retrieve('f')) as CacheEntry).output).toBe(UNSET);
      await at.cache.set('f', {}, { expected: null });
      expect(await at.cache.get('f')).toBeNull();
    });
  });
}

function tellsEntriesApart(name: string, subject: ContractSubject): void {
  describe(`${name} and the keys of entries`, () => {
    const at = openEach(subject);

    it('has a slot of its own for every argument', async () => {
      const values = [...new Map(UNLIKE_ARGUMENTS.flatMap(([, left, right]) => [left, right]).map((value) => [CacheEntry.fromArgs('f', { value }).key, value])).values()];
      for (const [i, value] of values.entries()) await at.cache.set('f', { value }, { output: i });
      for (const [i, value] of values.entries()) expect(await at.cache.get('f', { value })).toBe(i);
      expect(await sizeOf(at.cache)).toBe(values.length);
    });

    it('takes any name that a function may have', async () => {
      for (const name of ['a/b', '../f', "f'; DROP TABLE x; --", 'f"', '中', 'f@2', '%', '*', 'x'.repeat(255)]) {
        await at.cache.set(name, {}, { output: name });
        expect(await at.cache.get(name)).toBe(name);
      }
      expect(await sizeOf(at.cache)).toBe(9);
    });
  });
}

function givesEntriesBack(name: string, subject: ContractSubject): void {
  describe(`${name} and all of its entries`, () => {
    const at = openEach(subject);

    it('is emptied', async () => {
      for (let x = 0; x < 5; x++) await at.cache.set('f', { x }, { output: x });
      expect(await sizeOf(at.cache)).toBe(5);
      await at.cache.clear();
      expect([await sizeOf(at.cache), await entriesOf(at.cache), await at.cache.get('f', { x: 1 }), await at.cache.pop()]).toEqual([0, [], MISS, undefined]);
      await at.cache.set('f', {}, { output: 1 });
      expect(await sizeOf(at.cache)).toBe(1);
    });

    it('gives its entries one by one, and all', async () => {
      for (let x = 0; x < 5; x++) await at.cache.set('f', { x }, { output: x });
      const popped = (await at.cache.pop())!;
      expect([await sizeOf(at.cache), await at.cache.get('f', popped.inputs)]).toEqual([4, MISS]);
      const rest = await at.cache.popAll();
      expect([...rest, popped].map((entry) => entry.output).sort()).toEqual([0, 1, 2, 3, 4]);
      expect(await sizeOf(at.cache)).toBe(0);
    });

    it('is gone through while entries are removed and set', async () => {
      const [user, other] = [{ annotation: { purpose: 'user_profile' } }, { annotation: { purpose: 'sensor' } }];
      for (let x = 0; x < 6; x++) await at.cache.set('f', { x }, { output: x, metadata: x % 2 === 0 ? user : other });
      for await (const entry of at.cache) {
        if ((entry.metadata['annotation'] as { purpose: string }).purpose === 'user_profile') await at.cache.remove(entry.func, entry.inputs);
        else await at.cache.set('new', entry.inputs, { output: 0, metadata: other });
      }
      expect((await entriesOf(at.cache)).map(({ func, inputs }) => `${func}${String(inputs['x'])}`).sort()).toEqual(['f1', 'f3', 'f5', 'new1', 'new3', 'new5']);
    });
  });
}

function dropsEntries(name: string, subject: ContractSubject): void {
  describe(`${name} and what entries say`, () => {
    const at = openEach(subject);

    it('says what a result should be', async () => {
      await at.cache.set('f', { n: 42 }, { output: 1, metadata: { by: 'run' } });
      await at.cache.annotate('f', { n: 42 }, { expected: 2, metadata: { source: 'truth' } });
      expect(((await at.cache.retrieve('f', { n: 42 })) as CacheEntry).toDict()).toEqual({ func: 'f', inputs: { n: 42 }, output: 1, expected: 2, metadata: { by: 'run', source: 'truth' } });
      await at.cache.annotate('f', { n: 43 }, { expected: null });
      expect(((await at.cache.retrieve('f', { n: 43 })) as CacheEntry).toDict()).toEqual({ func: 'f', inputs: { n: 43 }, output: null, expected: null, metadata: {} });
      expect((await at.cache.annotate('f', { n: 43 }, {})).expected).toBeNull();
      await expect((async () => at.cache.annotate('f', { n: 44 }, {}))()).rejects.toMatchObject({ code: 'MEMO_ENTRY_MISSING' });
      await at.cache.set('f', { n: 42 }, { output: 3 });
      expect(await at.cache.get('f', { n: 42 })).toBe(3);
    });

    it('ends an entry when its time is over', async () => {
      let now = Date.now();
      const timed = await openAnother(subject, { nowMs: () => now });
      await timed.set('f', {}, { output: 1, metadata: { annotation: { ttl: '1h' } } });
      await timed.set('g', {}, { output: 2 });
      now += 3_599_000;
      expect([await timed.get('f'), await sizeOf(timed), (await entriesOf(timed)).length]).toEqual([1, 2, 2]);
      now += 2_000;
      expect([await timed.get('f'), await timed.get('g'), await timed.has('f'), await sizeOf(timed), (await entriesOf(timed)).map(({ func }) => func)]).toEqual([MISS, 2, false, 1, ['g']]);
    });
  });
}

function outlivesItsProcess(name: string, subject: ContractSubject): void {
  describe(`${name} in the next process`, () => {
    const at = openEach(subject);

    it('still has everything', async () => {
      const [first, second] = [await openAnother(subject), await openAnother(subject)];
      let runs = 0;
      const add = async (x: number, y: number): Promise<number> => (runs++, Promise.resolve(x + y));
      expect(await first.memoize(add)(1, 2)).toBe(3);
      expect([await second.memoize(add)(1, 2), runs]).toEqual([3, 1]);
      await second.remove('add', { x: 1, y: 2 });
      expect(await first.get('add', { x: 1, y: 2 })).toBe(MISS);
      await first.close();
      const third = await openAnother(subject);
      expect(await sizeOf(third)).toBe(0);
    });

    it('has one entry after two have written it at the same time', async () => {
      const [first, second] = [await openAnother(subject), await openAnother(subject)];
      await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? first : second).set('f', { x: i % 4 }, { output: i })));
      expect(await sizeOf(first)).toBe(4);
      expect((await entriesOf(second)).map(({ inputs }) => inputs['x']).sort()).toEqual([0, 1, 2, 3]);
    });

    it('does not take functions that it could not tell apart there', async () => {
      expect(() => at.cache.memoize((() => (x: number) => x)())).toThrow(expect.objectContaining({ code: 'MEMO_NAME_REQUIRED' }));
      at.cache.memoize(function load() { return 1; });
      expect(() => at.cache.memoize(function load() { return 2; })).toThrow(expect.objectContaining({ code: 'MEMO_NAME_TAKEN' }));
    });
  });
}
