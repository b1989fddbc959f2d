import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AsyncMemoCache, CacheEntry, CallbackBackend, DiskBackend, KnowledgeStore, MISS, MemoryBackend, NoCacheBackend, SqliteBackend } from '../index.js';
import { knowledgeId } from './knowledge-id.js';

interface Note {
  readonly id: string | number | bigint;
  readonly text?: string;
}

const root = mkdtempSync(join(tmpdir(), 'nooble-knowledge-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A memory that answers later, and never in the order in which it was asked. */
class LateMemory extends MemoryBackend {
  private asked = 0;
  override read(slot: string): ReturnType<MemoryBackend['read']> {
    return this.later(() => super.read(slot));
  }
  override write(slot: string, entry: CacheEntry): void {
    return this.later(() => { super.write(slot, entry); });
  }
  private later<T>(work: () => T): T {
    const turns = this.asked++ % 2 === 0 ? 20 : 1;
    return (async () => {
      for (let i = 0; i < turns; i++) await Promise.resolve();
      return work();
    })() as T;
  }
}

describe('the id of an object', () => {
  it.each([[5, 5], ['5', 5], [5n, 5], ['0', 0], [0, 0], ['-7', -7], ['05', '05'], ['-0', '-0'], ['1.5', '1.5'], ['1e3', '1e3'], [' 5', ' 5'], ['kl', 'kl'], ['9007199254740993', 9007199254740993n], [2n ** 64n, 2n ** 64n]])('of %p is %p', (given, id) => {
    expect(knowledgeId(given)).toBe(id);
  });

  it.each(['', 1.5, NaN, Infinity, 2 ** 53, null, undefined, true, {}])('is not %p', (given) => {
    expect(() => knowledgeId(given)).toThrow(expect.objectContaining({ code: 'KNOWLEDGE_ID_INVALID' }));
  });
});

describe('a knowledge store', () => {
  it('keeps entries as the original does', async () => {
    const cache = new AsyncMemoCache(new MemoryBackend());
    await new KnowledgeStore<Note>(cache).store({ id: '5', text: 'a' });
    await new KnowledgeStore<Note>(cache, { name: 'default' }).insert({ id: 6 });
    await new KnowledgeStore<Note>(cache, { name: 'more' }).store({ id: 5 });
    expect((await Array.fromAsync(cache)).map((entry) => entry.toDict())).toEqual([
      { func: 'kl_store', inputs: { kid: 5 }, output: { id: '5', text: 'a' }, metadata: {} },
      { func: 'kl_store', inputs: { kid: 6 }, output: { id: 6 }, metadata: {} },
      { func: 'kl_store/more', inputs: { kid: 5 }, output: { id: 5 }, metadata: {} },
    ]);
    expect(() => new KnowledgeStore(cache, { name: 'a b' })).toThrow(expect.objectContaining({ code: 'MEMO_NAMESPACE_INVALID' }));
  });

  it('says of an object that fails its condition that it is not kept, and keeps what it has', async () => {
    const notes = new KnowledgeStore<Note>(new AsyncMemoCache(new MemoryBackend()), { condition: ({ text }) => text !== undefined });
    expect([await notes.upsert({ id: 1, text: 'a' }), await notes.upsert({ id: 1 }), await notes.insert({ id: 2 }), await notes.store({ id: 2 })]).toEqual([true, false, false, false]);
    expect(await notes.batchUpsert([{ id: 3 }, { id: 4, text: 'b' }])).toEqual([false, true]);
    expect(await notes.batchInsert([{ id: 5, text: 'c' }, { id: 5 }])).toEqual([true, false]);
    expect(await Array.fromAsync(notes)).toEqual([{ id: 1, text: 'a' }, { id: 4, text: 'b' }, { id: 5, text: 'c' }]);
  });

  it('knows objects by what it is told, and is gone through when it is empty', async () => {
    const pages = new KnowledgeStore<{ readonly url: string; readonly body: string }>(new AsyncMemoCache(new MemoryBackend()), { idOf: ({ url }) => url });
    expect([await Array.fromAsync(pages), await Array.fromAsync(pages.batches()), await pages.size(), await pages.clear()]).toEqual([[], [], 0, undefined]);
    const page = { url: 'http://a/?b=1&c=%20', body: '' };
    await pages.store(page);
    expect([await pages.retrieve(page.url), await pages.has(page), await pages.batchRemove([page, page.url]), await pages.retrieve(page.url)]).toEqual([page, true, [true, false], MISS]);
  });

  it('has what the caller says instead of an object, undefined included', async () => {
    const notes = new KnowledgeStore<Note>(new AsyncMemoCache(new MemoryBackend()));
    expect([await notes.get(1), await notes.get(1, undefined), await notes.get(1, 0), await notes.batchGet([1], undefined), await notes.batchGet([1])]).toEqual([MISS, undefined, 0, [undefined], [MISS]]);
  });

  it('is counted without its objects being used', async () => {
    const cache = new AsyncMemoCache(new MemoryBackend({ maxEntries: 3 }));
    const notes = new KnowledgeStore<Note>(cache);
    await notes.batchUpsert([{ id: 1 }, { id: 2 }]);
    await cache.set('f', {}, { output: 1 });
    expect(await notes.size()).toBe(2);
    await cache.set('g', {}, { output: 1 });
    expect([await cache.get('f'), await notes.has(1)]).toEqual([1, false]);
  });

  it('has objects of its own: neither what was given nor what it gives changes them', async () => {
    const notes = new KnowledgeStore<{ id: number; tags: string[] }>(new AsyncMemoCache(new MemoryBackend()));
    const given = { id: 1, tags: ['a'] };
    await notes.store(given);
    given.tags.push('b');
    ((await notes.get(1)) as typeof given).tags.push('c');
    for await (const note of notes) note.tags.push('d');
    expect(await notes.get(1)).toEqual({ id: 1, tags: ['a'] });
  });

  it('is not misled by names that a cache excludes, or that a function has with a version', async () => {
    const cache = new AsyncMemoCache(new MemoryBackend(), { exclude: ['kid'] });
    cache.memoize((kid: number) => kid, { name: 'kl_store', version: 2 });
    const notes = new KnowledgeStore<Note>(cache);
    await notes.batchUpsert([{ id: 1 }, { id: 2 }]);
    expect([await notes.batchGet([1, 2, 3], 'none'), await notes.size(), await notes.remove(1), await notes.size()]).toEqual([[{ id: 1 }, { id: 2 }, 'none'], 2, true, 1]);
  });

  it('is gone through while objects are removed and added', async () => {
    const notes = new KnowledgeStore<Note>(new AsyncMemoCache(new MemoryBackend()));
    await notes.batchUpsert([1, 2, 3, 4].map((id) => ({ id })));
    for await (const { id } of notes) {
      await notes.remove(id);
      if (Number(id) < 10) await notes.store({ id: Number(id) * 10 });
    }
    expect((await Array.fromAsync(notes)).map(({ id }) => id)).toEqual([10, 20, 30, 40]);
    expect((await Array.fromAsync(notes.batches(3))).map((batch) => batch.length)).toEqual([3, 1]);
  });

  it.each([0, -1, 1.5, NaN])('has no batches of %p', async (size) => {
    await expect(Array.fromAsync(new KnowledgeStore(new AsyncMemoCache(new MemoryBackend())).batches(size))).rejects.toMatchObject({ code: 'MEMO_PAGE_INVALID' });
  });

  it('keeps nothing where nothing is kept', async () => {
    for (const backend of [new NoCacheBackend(), new CallbackBackend()]) {
      const notes = new KnowledgeStore<Note>(new AsyncMemoCache(backend));
      expect([await notes.store({ id: 1 }), await notes.get(1), await notes.size(), await Array.fromAsync(notes), await notes.clear()]).toEqual([true, MISS, 0, [], undefined]);
    }
  });
});

describe('many writers of one object', () => {
  it('insert it once, and the last one that replaces it stays', async () => {
    const cache = new AsyncMemoCache(new LateMemory());
    const notes = new KnowledgeStore<Note>(cache);
    expect(await Promise.all(['a', 'b', 'c'].map((text) => new KnowledgeStore<Note>(cache).insert({ id: 1, text })))).toEqual([true, false, false]);
    expect(await notes.get(1)).toEqual({ id: 1, text: 'a' });
    await Promise.all(['d', 'e', 'f'].map((text) => notes.upsert({ id: 1, text })));
    expect(await notes.get('1')).toEqual({ id: 1, text: 'f' });
    expect(await Promise.all([notes.remove(1), notes.insert({ id: 1, text: 'g' }), notes.insert({ id: 1, text: 'h' })])).toEqual([true, true, false]);
    expect((notes as unknown as { turns: { last: Map<string, unknown> } }).turns.last.size).toBe(0);
  });

  it('go on after one that failed, and nothing of a batch is written that has a bad one', async () => {
    const memory = new MemoryBackend();
    const notes = new KnowledgeStore<object>(new AsyncMemoCache(memory));
    const { write } = memory;
    memory.write = () => { throw new RangeError('full'); };
    const failed = notes.upsert({ id: 1 });
    const next = notes.insert({ id: 1, text: 'b' });
    await expect(failed).rejects.toThrow('full');
    await expect(next).rejects.toThrow('full');
    memory.write = write;
    expect(await notes.insert({ id: 1, text: 'c' })).toBe(true);
    await expect(notes.batchUpsert([{ id: 2 }, { text: 'no id' }])).rejects.toMatchObject({ code: 'KNOWLEDGE_ID_INVALID' });
    await expect(notes.batchInsert([{ id: 2 }, { id: 3, f: () => 1 }])).rejects.toMatchObject({ code: 'UNCACHEABLE_VALUE' });
    await expect(notes.batchRemove([1, ''])).rejects.toMatchObject({ code: 'KNOWLEDGE_ID_INVALID' });
    expect(await notes.size()).toBe(1);
  });
});

describe('a backend that has an index by functions', () => {
  it.each([['SQLite', () => new SqliteBackend({ file: ':memory:' })], ['the disk', () => new DiskBackend({ folder: join(root, 'disk') })]])('counts and removes without reading an entry: %s', async (_, make) => {
    const backend = make();
    const cache = new AsyncMemoCache(backend);
    const notes = new KnowledgeStore<Note>(cache);
    await notes.batchUpsert([{ id: 1 }, { id: 2, text: 'x'.repeat(100_000) }]);
    await cache.set('f', {}, { output: 1 });
    backend.read = () => { throw new RangeError('read'); };
    expect([await notes.size(), await notes.clear(), await notes.size(), await cache.size()]).toEqual([2, undefined, 0, 1]);
    await expect(notes.get(1)).rejects.toThrow('read');
    await cache.close();
  });
});
