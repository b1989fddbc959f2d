import { pagesOf } from '../backends/pages.js';
import { namespaceOf } from '../backends/namespace.js';
import type { AsyncMemoCache } from '../cache/async-memo-cache.js';
import { CacheEntry } from '../entry/cache-entry.js';
import { MISS, type Miss } from '../symbols.js';
import { type KnowledgeId, knowledgeId } from './knowledge-id.js';
import { Turns } from './turns.js';

/** Of which function the entries are. @source AgentHeaven 0.9.2, CacheKLStore */
const FUNC = 'kl_store';
/** The store that is given no name. @source the same */
const DEFAULT_NAME = 'default';
/** Objects that are read or written at the same time. @source the same, batch_iter */
const BATCH = 512;

const TURNS = new WeakMap<AsyncMemoCache, Turns>();

export interface KnowledgeOptions<T extends object> {
  /** Stores of different names on one cache do not see each other: 1 to 100 of A-Z a-z 0-9 _ . ~ -; `default` without it. */
  readonly name?: string;
  /** What an object is known by; its property `id` without it. */
  readonly idOf?: (object: T) => KnowledgeId;
  /** Whether to keep an object. One that fails it is not kept, and what was kept under its id stays. */
  readonly condition?: (object: T) => boolean;
}

/** Objects by their ids, kept in a memo cache: as long as it keeps entries, and each as it was when it was given. Plain data only. */
export class KnowledgeStore<T extends object = { readonly id: KnowledgeId }> implements AsyncIterable<T> {
  private readonly func: string;
  private readonly idOf: (object: T) => unknown;
  private readonly condition: (object: T) => boolean;
  private readonly turns: Turns;

  /** @param cache is not closed by the store. @throws MEMO_NAMESPACE_INVALID */
  constructor(
    private readonly cache: AsyncMemoCache,
    { name = DEFAULT_NAME, idOf, condition = () => true }: KnowledgeOptions<T> = {},
  ) {
    this.func = name === DEFAULT_NAME ? FUNC : `${FUNC}/${namespaceOf(name)}`;
    this.idOf = idOf ?? ((object) => (object as { readonly id?: unknown }).id);
    this.condition = condition;
    this.turns = turnsOf(cache);
  }

  /** The same as {@link upsert}. */
  async store(object: T): Promise<boolean> {
    return this.upsert(object);
  }

  /** The same as {@link get} without another answer. */
  async retrieve(id: KnowledgeId): Promise<T | Miss> {
    return this.get(id);
  }

  /** Keeps an object, instead of one that has its id. @returns whether it was kept: false when it fails the condition. @throws KNOWLEDGE_ID_INVALID, UNCACHEABLE_VALUE */
  async upsert(object: T): Promise<boolean> {
    return this.put(this.draftOf(object));
  }

  /** Keeps an object, unless there is one with its id. Two processes that do so at the same time may both be told true: the later one is kept. @returns whether it was kept */
  async insert(object: T): Promise<boolean> {
    return this.putNew(this.draftOf(object));
  }

  /** The object of an id, as a copy of the caller's own. @returns the other answer, MISS without it, when there is none */
  async get(id: KnowledgeId): Promise<T | Miss>;
  async get<D>(id: KnowledgeId, otherwise: D): Promise<T | D>;
  async get(id: KnowledgeId, ...otherwise: readonly unknown[]): Promise<unknown> {
    return this.read(this.keyOf(id), otherwise);
  }

  /** @param object an id, or an object that has it */
  async has(object: KnowledgeId | T): Promise<boolean> {
    return this.cache.has(this.keyOf(object));
  }

  /** @param object an id, or an object that has it. @returns whether there was one */
  async remove(object: KnowledgeId | T): Promise<boolean> {
    return this.drop(this.keyOf(object));
  }

  /** {@link upsert} of each, in their order. @returns what it says of each. Nothing is written when one is refused by an error */
  async batchUpsert(objects: Iterable<T>): Promise<boolean[]> {
    return inBatches(Array.from(objects, (object) => this.draftOf(object)), (draft) => this.put(draft));
  }

  /** {@link insert} of each, in their order: of several with one id the first. @returns what it says of each */
  async batchInsert(objects: Iterable<T>): Promise<boolean[]> {
    return inBatches(Array.from(objects, (object) => this.draftOf(object)), (draft) => this.putNew(draft));
  }

  /** {@link get} of each, in their order. */
  async batchGet(ids: Iterable<KnowledgeId>): Promise<(T | Miss)[]>;
  async batchGet<D>(ids: Iterable<KnowledgeId>, otherwise: D): Promise<(T | D)[]>;
  async batchGet(ids: Iterable<KnowledgeId>, ...otherwise: readonly unknown[]): Promise<unknown[]> {
    return inBatches(Array.from(ids, (id) => this.keyOf(id)), (key) => this.read(key, otherwise));
  }

  /** {@link remove} of each id or object, in their order. @returns what it says of each: of one that is there twice the first time true */
  async batchRemove(objects: Iterable<KnowledgeId | T>): Promise<boolean[]> {
    return inBatches(Array.from(objects, (object) => this.keyOf(object)), (key) => this.drop(key));
  }

  /** Objects of this store. */
  async size(): Promise<number> {
    return this.cache.sizeOf(this.func);
  }

  /** Removes the objects of this store; what else is in the cache stays. */
  async clear(): Promise<void> {
    await this.cache.clearOf(this.func);
  }

  /** The objects that there are when it begins. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<T> {
    for await (const objects of this.batches()) yield* objects;
  }

  /** The same in lists of at most so many. @throws MEMO_PAGE_INVALID */
  async *batches(size: number = BATCH): AsyncIterableIterator<T[]> {
    for await (const entries of this.cache.pagesOf(this.func, size)) yield entries.map((entry) => entry.ownValue() as T);
  }

  /** @param otherwise what there is instead, if the caller has said so: `undefined` is an answer, too */
  private async read(key: CacheEntry, otherwise: readonly unknown[]): Promise<unknown> {
    const entry = await this.cache.retrieve(key);
    if (entry !== MISS) return entry.ownValue();
    return otherwise.length > 0 ? otherwise[0] : MISS;
  }

  private async put(draft: CacheEntry | undefined): Promise<boolean> {
    if (draft === undefined) return false;
    return this.inTurn(draft, async () => {
      await this.cache.set(draft);
      return true;
    });
  }

  private async putNew(draft: CacheEntry | undefined): Promise<boolean> {
    if (draft === undefined) return false;
    return this.inTurn(draft, async () => {
      if (await this.cache.has(draft)) return false;
      await this.cache.set(draft);
      return true;
    });
  }

  private async drop(key: CacheEntry): Promise<boolean> {
    return this.inTurn(key, () => this.cache.remove(key));
  }

  /** So that an insertion does not overwrite, and the last of several writes is the one that stays. */
  private async inTurn(key: CacheEntry, work: () => Promise<boolean>): Promise<boolean> {
    return this.turns.take(key.entryKey.text, work);
  }

  /** The entry of an object; undefined when it is not to be kept. */
  private draftOf(object: T): CacheEntry | undefined {
    return this.condition(object) ? this.entryOf(this.idOf(object), { output: object }) : undefined;
  }

  private keyOf(object: KnowledgeId | T): CacheEntry {
    return this.entryOf(typeof object === 'object' ? this.idOf(object) : object);
  }

  private entryOf(id: unknown, rest?: { readonly output: T }): CacheEntry {
    return CacheEntry.fromArgs(this.func, { kid: knowledgeId(id) }, rest);
  }
}

/** All stores on one cache have the same: two of one name are one. */
function turnsOf(cache: AsyncMemoCache): Turns {
  const turns = TURNS.get(cache) ?? new Turns();
  TURNS.set(cache, turns);
  return turns;
}

/** What each item comes to, a batch of them at a time. */
async function inBatches<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const batch of pagesOf(items, BATCH)) results.push(...(await Promise.all(batch.map(work))));
  return results;
}
