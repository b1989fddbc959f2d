import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cached, CacheModule, HasCachedMethods, TieredCache } from '../../src/shared/cache/index.js';
import { ConfigModule, loadSettings } from '../../src/shared/config/index.js';
import { TelemetryModule } from '../../src/shared/telemetry/index.js';
import { keysIn } from '../support/caches.js';
import { emptyRedis, redisUrl, templateUrl } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

@Injectable()
@HasCachedMethods()
class Library {
  asked: string[] = [];
  answer: unknown = { title: 'Caches' };

  @Cached({ type: 'collection_metadata', tenantId: (tenantId: string, ..._: string[]) => tenantId, id: (_, ...path) => path, scope: (_, collection) => ({ collection }) })
  async book(tenantId: string, ...path: string[]): Promise<unknown> {
    this.asked.push([tenantId, ...path].join('/'));
    if (this.answer instanceof Error) throw this.answer;
    return this.answer;
  }

  async uncached(): Promise<number> {
    return this.asked.push('uncached');
  }
}

/** Without the mark of its class nothing is cached. */
@Injectable()
class Unmarked {
  asked = 0;

  @Cached({ type: 'collection_metadata', tenantId: () => 'acme', id: () => 'unmarked' })
  async read(): Promise<number> {
    return ++this.asked;
  }
}

describe('a provider with cached methods', () => {
  let module: TestingModule;
  let redis: Awaited<ReturnType<typeof emptyRedis>>;
  let library: Library;
  let cache: TieredCache;

  beforeAll(async () => {
    redis = await emptyRedis();
    const settings = loadSettings({ DATABASE_URL: templateUrl, REDIS_URL: redisUrl, LOG_LEVEL: 'silent' });
    module = await Test.createTestingModule({ imports: [ConfigModule.forRoot(settings), TelemetryModule, CacheModule], providers: [Library, Unmarked] }).compile();
    await module.init();
    [library, cache] = [module.get(Library), module.get(TieredCache)];
    // Before Redis has answered for the first time everything works, but nothing is written.
    await waitFor('Redis', () => cache.set({ tenantId: 'probe', type: 'tenant', id: 'probe' }, 1));
  });
  beforeEach(async () => {
    library.asked = [];
    library.answer = { title: 'Caches' };
    await cache.invalidate('acme', ['t']);
    await cache.invalidate('globex', ['t']);
  });
  afterAll(async () => {
    await module.close();
    redis.disconnect();
  });

  it('is asked once for the same arguments, and again for others', async () => {
    for (const path of [['a', 'b'], ['a', 'b'], ['a'], ['a:b'], ['a', 'b']]) expect(await library.book('acme', ...path)).toEqual({ title: 'Caches' });
    expect(library.asked).toEqual(['acme/a/b', 'acme/a', 'acme/a:b']);
    expect(await keysIn(redis, 'nb:{acme}:cache:e:collection_metadata:*')).toHaveLength(3);
  });

  it('answers each tenant for itself', async () => {
    await library.book('acme', 'a');
    library.answer = { title: 'of Globex' };
    expect([await library.book('globex', 'a'), await library.book('acme', 'a')]).toEqual([{ title: 'of Globex' }, { title: 'Caches' }]);
  });

  it('is asked again after its scope was invalidated', async () => {
    await library.book('acme', 'a', 'b');
    await library.book('acme', 'c');
    await cache.invalidate('acme', ['k:a']);
    library.answer = { title: 'new' };
    expect([await library.book('acme', 'a', 'b'), await library.book('acme', 'c')]).toEqual([{ title: 'new' }, { title: 'Caches' }]);
  });

  it.each([[0], [''], [false], [[]], [null]])('keeps %j', async (answer) => {
    library.answer = answer;
    for (let i = 0; i < 2; i++) expect(await library.book('acme', 'falsy')).toEqual(answer);
    expect(library.asked).toHaveLength(1);
  });

  it('keeps neither undefined nor an error', async () => {
    library.answer = undefined;
    for (let i = 0; i < 2; i++) expect(await library.book('acme', 'none')).toBeUndefined();
    library.answer = new Error('away');
    for (let i = 0; i < 2; i++) await expect(library.book('acme', 'none')).rejects.toThrow('away');
    expect(library.asked).toHaveLength(4);
  });

  it('runs once for all who ask at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => library.book('acme', 'together')));
    expect(library.asked).toHaveLength(1);
  });

  it('gives what nobody else’s change reaches', async () => {
    const first = (await library.book('acme', 'shared')) as { title: string };
    expect(() => (first.title = 'scribbled')).toThrow(TypeError);
    expect(await library.book('acme', 'shared')).toEqual({ title: 'Caches' });
  });

  it('refuses a call without a tenant before the method runs', async () => {
    await expect(library.book('', 'a')).rejects.toMatchObject({ code: 'TENANT_REQUIRED' });
    expect(library.asked).toEqual([]);
  });

  it('leaves its other methods alone, and classes without the mark', async () => {
    expect([await library.uncached(), await library.uncached()]).toEqual([1, 2]);
    const unmarked = module.get(Unmarked);
    expect([await unmarked.read(), await unmarked.read()]).toEqual([1, 2]);
  });
});
