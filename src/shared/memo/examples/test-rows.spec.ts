import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, CacheEntry, JsonFileBackend, MemoCache, MemoryBackend, testRows } from '../index.js';

const add = (x: number, y: number): number => x + y;
const table = [
  CacheEntry.fromArgs('add', { x: 5, y: 10 }, { expected: 15 }),
  CacheEntry.fromArgs('add', { y: 15, x: 10 }, { output: 99, expected: 25 }),
  CacheEntry.fromArgs('add', { x: 1, y: 2 }, { output: 3 }),
];
const wrong = [
  CacheEntry.fromArgs('add', { x: 5, y: 10 }, { output: 15, expected: 16 }),
  CacheEntry.fromArgs('add', { x: '$x %s', y: 1 }, { expected: 0 }),
];

const folder = mkdtempSync(join(tmpdir(), 'nooble-rows-'));
const files = new MemoCache(new JsonFileBackend(folder));
for (const entry of table) files.set(entry);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a table of entries', () => {
  it.each(testRows(add, table))('$assertion', async ({ check }) => check());
  it.each(testRows(add, table))('$name, compared by jest', async ({ run, expected }) => {
    expect(await run()).toStrictEqual(expected);
  });
  it.failing.each(testRows(add, wrong))('$assertion, which fails', async ({ check }) => check());
  it.each(testRows(add, files))('in a folder of files: $assertion', async ({ check }) => check());

  it('has the entries of a function, of a cache those that somebody has annotated', async () => {
    expect(testRows(add, table).map(({ assertion }) => assertion)).toEqual(['add(x=5, y=10) = 15', 'add(y=15, x=10) = 25', 'add(x=1, y=2) = 3']);
    expect(testRows(add, files).map(({ name }) => name).sort()).toEqual(['add(x=5, y=10)', 'add(y=15, x=10)']);
    expect(testRows(add, [...files])).toHaveLength(3);
    expect(testRows((a: number, b: number) => a + b, [...table, CacheEntry.fromArgs('sum', { a: 1, b: 1 }, { output: 2 })], { name: 'sum' })).toHaveLength(1);
    const later = new AsyncMemoCache(new MemoryBackend());
    for (const entry of table) await later.set(entry);
    expect(await testRows(add, later)).toHaveLength(2);
  });

  it('says which entry does not hold, and why', async () => {
    const [off, text] = testRows(add, wrong);
    await expect(off!.check()).rejects.toMatchObject({ code: 'MEMO_ENTRY_FAILED', message: 'add(x=5, y=10) = 16 does not hold: it returned 15.' });
    await expect(text!.check()).rejects.toMatchObject({ message: "add(x='$x %s', y=1) = 0 does not hold: it returned '$x %s1'." });
    const error = new TypeError('no');
    const [thrown] = testRows((() => { throw error; }), [CacheEntry.fromArgs('f', {}, { expected: 1 })], { name: 'f' });
    await expect(thrown!.check()).rejects.toMatchObject({ message: 'f() = 1 does not hold: it threw TypeError: no.', cause: error });
  });

  it('that tests nothing is an error', () => {
    expect(() => testRows(add, [CacheEntry.fromArgs('ad', { x: 1 }, { output: 1 })])).toThrow(expect.objectContaining({ code: 'MEMO_TABLE_EMPTY', message: expect.stringContaining('"ad"') }));
    expect(() => testRows(add, [CacheEntry.fromArgs('add', { x: 1 })])).toThrow(expect.objectContaining({ code: 'MEMO_TABLE_EMPTY' }));
  });
});

describe('a function under its entries', () => {
  const entry = (func: string, inputs: Record<string, unknown>, expected: unknown): CacheEntry[] => [CacheEntry.fromArgs(func, inputs, { expected })];

  it.each([
    ...testRows(({ x, y }: { x: number; y: number }) => x + y, entry('object', { x: 1, y: 2 }, 3), { name: 'object' }),
    ...testRows((input: { x: number }) => input.x, entry('named object', { x: 1 }, 1), { name: 'named object', params: 'object' }),
    ...testRows((a: number, b: number) => a - b, entry('named', { y: 1, x: 3 }, 2), { name: 'named', params: ['x', 'y'] }),
    ...testRows((x: number, y = 10, ...rest: number[]) => [x, y, rest], entry('rest', { x: 1, rest: [3] }, [1, 10, [3]]), { name: 'rest' }),
    ...testRows((x: number, y = 10) => [x, y], entry('default', { x: 1 }, [1, 10]), { name: 'default' }),
    ...testRows(Math.max, entry('max', { '...': [1, 3, 2] }, 3)),
    ...testRows(async (x: number) => Promise.resolve({ at: new Date(x) }), entry('async', { x: 0 }, { at: new Date(0) }), { name: 'async' }),
    ...testRows(function* stream(n: number) { for (let i = 0; i < n; i++) yield i; }, entry('stream', { n: 2 }, [0, 1])),
    ...testRows(async function* later(n: number) { yield Promise.resolve(n); }, entry('later', { n: 2 }, [2])),
    ...testRows((xs: readonly number[]) => xs.map((x) => 2 * x), entry('batch', { xs: [2] }, 4), { name: 'batch', itemIndex: 0 }),
    ...testRows((list: number[]) => list.push(1), entry('change', { list: [1] }, 2), { name: 'change' }),
  ])('is called as memoize would: $assertion', async ({ check }) => {
    await check();
    await check();
  });

  it('is the original when it is memoised: no cache answers for it', async () => {
    const cache = new MemoCache();
    let factor = 2;
    const times = cache.memoize((a: number, client: unknown) => (client === 'c' || client === undefined ? a * factor : 0), { name: 'times', params: ['x', 'client'], exclude: ['client'], version: 3 });
    const all = cache.batchMemoize((items: readonly number[]) => items.map((item) => item * factor), { name: 'all' });
    expect([times(2, 'c'), all([2, 3])]).toEqual([4, [4, 6]]);
    expect(() => testRows(times, cache)).toThrow(expect.objectContaining({ code: 'MEMO_TABLE_EMPTY' }));
    cache.annotate(times, { x: 2 });
    for (const { inputs } of [...cache].filter(({ func }) => func === 'all')) cache.annotate(all, inputs);
    const rows = [...testRows(times, cache), ...testRows(all, cache)];
    expect(rows.map(({ assertion }) => assertion)).toEqual(['times@3(x=2) = 4', 'all(items=[ 2 ]) = 4', 'all(items=[ 3 ]) = 6']);
    for (const { check } of rows) await check();
    factor = 3;
    for (const { check } of rows) await expect(check()).rejects.toMatchObject({ code: 'MEMO_ENTRY_FAILED' });
  });

  it.each([
    ['an input has no parameter', add, { x: 1, z: 2 }, 'of its parameters (x, y) none is z'],
    ['the rest is no list', (...all: number[]) => all, { all: 1 }, 'all is not the list'],
    ['an input stands for an instance', add, { x: new (class Agent { toMemoKey(): number { return 1; } })() }, 'x stands for an instance'],
    ['it is a method', new MemoCache().memoize()(() => 1, { kind: 'method', name: 'm', addInitializer: () => undefined } as unknown as ClassMethodDecoratorContext), { this: 1 }, 'it is a method'],
  ])('is not called when %s', async (_, fn, inputs, why) => {
    const [row] = testRows(fn, entry('f', inputs, 1), { name: 'f' });
    await expect(row!.run()).rejects.toMatchObject({ code: 'MEMO_ENTRY_NOT_CALLABLE', message: expect.stringContaining(why) });
    await expect(row!.check()).rejects.toMatchObject({ code: 'MEMO_ENTRY_FAILED', message: expect.stringContaining(why) });
  });

  it('answers a batch of one by one', async () => {
    const [row] = testRows((xs: number[]) => [...xs, 1], entry('f', { xs: [1] }, 1), { name: 'f', itemIndex: 0 });
    await expect(row!.run()).rejects.toMatchObject({ code: 'MEMO_BATCH_LENGTH' });
  });
});
