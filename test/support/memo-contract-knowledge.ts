import { beforeEach, describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, KnowledgeStore, MISS, type MemoCacheOptions } from '../../src/shared/memo/index.js';
import { type ContractSubject, openAnother } from './memo-contract-subject.js';

interface Note {
  readonly id: string | number | bigint;
  readonly text?: string;
  readonly more?: unknown;
}

/** One that a sync cache was made for is taken out of it. */
async function openCache(subject: ContractSubject, options?: MemoCacheOptions): Promise<AsyncMemoCache> {
  const { backend } = await openAnother(subject, options);
  return new AsyncMemoCache(backend, options);
}

const idsOf = async (objects: AsyncIterable<Note>): Promise<string[]> => (await Array.fromAsync(objects)).map(({ id }) => String(id)).sort();

/** What a store of objects does over every backend. */
export function keepsKnowledge(name: string, subject: ContractSubject): void {
  keepsObjects(name, subject);
  keepsToItself(name, subject);
}

function keepsObjects(name: string, subject: ContractSubject): void {
  describe(`${name} under a knowledge store`, () => {
    let notes: KnowledgeStore<Note>;
    beforeEach(async () => {
      await subject.empty();
      notes = new KnowledgeStore(await openCache(subject));
    });

    it('gives back what is in an object, by its id', async () => {
      const objects: Note[] = [
        { id: 1, text: '', more: [] },
        { id: 'kl/2', text: 'täxt 中文 😀 \u0000', more: { tags: new Set(['a', 'b']), at: new Date(0), deep: { list: [null, { x: -1.5 }] } } },
        { id: 2n ** 100n, text: '\'"; DROP TABLE x; --\n\\', more: new Map([[1, undefined]]) },
      ];
      for (const object of objects) expect(await notes.store(object)).toBe(true);
      for (const object of objects) expect(await notes.retrieve(object.id)).toStrictEqual(object);
      expect([await notes.get('1'), await notes.get(1n), await notes.has('1'), await notes.has(objects[1]!)]).toEqual([objects[0], objects[0], true, true]);
      expect([await notes.retrieve('2'), await notes.get('x', null), await notes.has(2), await notes.size()]).toEqual([MISS, null, false, 3]);
    });

    it('replaces by an upsert, not by an insertion, and removes', async () => {
      expect([await notes.insert({ id: 1, text: 'a' }), await notes.insert({ id: '1', text: 'b' }), await notes.get(1)]).toEqual([true, false, { id: 1, text: 'a' }]);
      expect([await notes.upsert({ id: 1, text: 'c' }), await notes.get(1), await notes.size()]).toEqual([true, { id: 1, text: 'c' }, 1]);
      expect([await notes.remove({ id: 1 }), await notes.remove(1), await notes.remove('nothing'), await notes.get(1), await notes.size()]).toEqual([true, false, false, MISS, 0]);
    });

    it('takes many at once, and goes through them in batches', async () => {
      const ids = Array.from({ length: 600 }, (_, id) => id);
      expect(new Set(await notes.batchUpsert(ids.map((id) => ({ id }))))).toEqual(new Set([true]));
      expect(await notes.batchInsert([{ id: 5, text: 'no' }, { id: 600, text: 'first' }, { id: 600, text: 'second' }])).toEqual([false, true, false]);
      expect(await notes.batchUpsert([{ id: 1, text: 'a' }, { id: '1', text: 'b' }])).toEqual([true, true]);
      expect(await notes.batchGet([1, '5', 'none', 600])).toEqual([{ id: '1', text: 'b' }, { id: 5 }, MISS, { id: 600, text: 'first' }]);
      expect((await Array.fromAsync(notes.batches())).map(({ length }) => length)).toEqual([512, 89]);
      expect(await idsOf(notes)).toEqual([...ids, 600].map(String).sort());
      expect(await notes.batchRemove([0, '0', { id: 2 }, 'none', 3])).toEqual([true, false, true, false, true]);
      expect([await notes.size(), await notes.batchRemove([]), await notes.batchUpsert([]), await notes.batchInsert([]), await notes.batchGet([])]).toEqual([598, [], [], [], []]);
    });
  });
}

function keepsToItself(name: string, subject: ContractSubject): void {
  describe(`${name} that is shared by stores and functions`, () => {
    beforeEach(() => subject.empty());

    it('has for each its own, and empties that alone', async () => {
      const cache = await openCache(subject);
      const [first, second, third] = [new KnowledgeStore<Note>(cache), new KnowledgeStore<Note>(cache, { name: 'second' }), new KnowledgeStore<Note>(cache, { name: 'SECOND' })];
      await cache.set('f', { kid: 1 }, { output: 'f' });
      await cache.set('kl_store ', { kid: 1 }, { output: 'space' });
      for (const [i, store] of [first, second, third].entries()) await store.batchUpsert([{ id: 1, text: String(i) }, { id: i + 2 }]);
      expect([await first.get(1), await second.get(1), await third.get(1), await first.has(3), await second.insert({ id: 2 })]).toEqual([{ id: 1, text: '0' }, { id: 1, text: '1' }, { id: 1, text: '2' }, false, true]);
      expect([await idsOf(first), await idsOf(second), await first.size(), await second.size(), await cache.size()]).toEqual([['1', '2'], ['1', '2', '3'], 2, 3, 9]);
      await first.clear();
      expect([await first.size(), await idsOf(first), await second.size(), await third.size(), await cache.size()]).toEqual([0, [], 3, 2, 7]);
      await second.clear();
      expect([await second.get(1), await third.get(1), await cache.get('f', { kid: 1 }), await cache.get('kl_store ', { kid: 1 })]).toEqual([MISS, { id: 1, text: '2' }, 'f', 'space']);
    });

    it('has no function that is called as the beginning of another one', async () => {
      const cache = await openCache(subject);
      const long = 'x'.repeat(260);
      for (const func of [long, `${long}y`]) await cache.set(func, {}, { output: func });
      expect([await cache.sizeOf(long), (await Array.fromAsync(cache.pagesOf(long, 10))).flat().map(({ func }) => func)]).toEqual([1, [long]]);
      await cache.clearOf(long);
      expect([await cache.get(long), await cache.get(`${long}y`)]).toEqual([MISS, `${long}y`]);
    });

    it('counts and shows no object whose time is over', async () => {
      let now = Date.now();
      const cache = await openCache(subject, { nowMs: () => now, ttl: '1h' });
      const notes = new KnowledgeStore<Note>(cache);
      await notes.store({ id: 1 });
      now += 1_800_000;
      await notes.store({ id: 2 });
      expect([await notes.size(), await idsOf(notes)]).toEqual([2, ['1', '2']]);
      now += 1_801_000;
      expect([await notes.size(), await idsOf(notes), await notes.get(1), await notes.insert({ id: 1 })]).toEqual([1, ['2'], MISS, true]);
    });
  });
}
