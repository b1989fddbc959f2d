import { describe, expect, it } from '@jest/globals';
import { TEMPORARY, OTHER_UUID, UUID, cacheAt, command, inDatabase } from '../../../../test/support/command-caches.js';
import { COMMAND_TTL_MS } from './command-cache.js';

const MINUTE = 60_000;

describe('the end of a cached command', () => {
  it('comes ten minutes after its last use, by whichever id, and is seen without a cleaning', () => {
    const { cache, pass } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    pass(9 * MINUTE);
    expect(cache.getCachedCommand(TEMPORARY)).not.toBeNull();
    pass(9 * MINUTE);
    expect(cache.getCachedCommand(UUID)).not.toBeNull();
    pass(COMMAND_TTL_MS);
    expect(cache.getCachedCommand(TEMPORARY)).not.toBeNull();
    pass(COMMAND_TTL_MS + 1_000);
    expect([cache.getMappedId(TEMPORARY), cache.getAllCachedCommands().size, cache.getAllIdMappings().size]).toEqual([undefined, 0, 0]);
    expect([cache.removeCachedCommand(UUID), cache.updateCachedCommand(UUID, {}), cache.getCachedCommand(TEMPORARY)]).toEqual([false, null, null]);
    expect([cache.getCacheSize(), cache.getAliasCount()]).toEqual([0, 0]);
  });

  it('by a cleaning takes both ids; a use by one of them keeps both', () => {
    const { cache, pass, told } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    cache.cacheCommand('cmd_2', command({ id: 'cmd_2', metadata: { dbUuid: OTHER_UUID } }));
    pass(9 * MINUTE);
    cache.getCachedCommand(UUID);
    pass(2 * MINUTE);
    expect(cache.cleanupCache()).toBe(1);
    expect([cache.getCachedCommand(TEMPORARY), cache.getCachedCommand('cmd_2'), cache.getMappedId('cmd_2'), cache.getMappedId(OTHER_UUID)]).toMatchObject([{ task: 'Count' }, null, undefined, undefined] as object);
    expect([cache.getCacheSize(), cache.getAliasCount(), told]).toEqual([1, 2, []]);
  });

  it('leaves nothing behind of ten thousand commands', () => {
    const { cache, pass } = cacheAt();
    for (let i = 0; i < 10_000; i++) cache.cacheCommand(`cmd_${String(i)}`, { id: `cmd_${String(i)}`, metadata: { dbUuid: `uuid-${String(i)}` } });
    expect([cache.getCacheSize(), cache.getAliasCount(), cache.getAllIdMappings().size, cache.getAllCachedCommands().size]).toEqual([10_000, 20_000, 20_000, 20_000]);
    pass(COMMAND_TTL_MS + 1);
    expect(cache.cleanupCache()).toBe(10_000);
    expect([cache.getCacheSize(), cache.getAliasCount(), cache.getAllIdMappings().size]).toEqual([0, 0, 0]);
  });

  it('by hand takes both ids and is told once', () => {
    const { cache, told } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    expect([cache.removeCachedCommand(UUID), cache.removeCachedCommand(UUID), cache.removeCachedCommand(TEMPORARY)]).toEqual([true, false, false]);
    expect([cache.getCachedCommand(TEMPORARY), cache.getCachedCommand(UUID), cache.getMappedId(TEMPORARY)]).toEqual([null, null, undefined]);
    expect(told).toEqual([['commandCacheRemoved', { id: UUID }]]);
  });

  it('comes for all of them with clearAll', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    cache.syncIds('cmd_early', OTHER_UUID);
    cache.clearAll();
    expect([cache.getCacheSize(), cache.getAliasCount(), cache.getAllIdMappings().size, cache.getCachedCommand(UUID)]).toEqual([0, 0, 0, null]);
  });

  it('comes for those used longest ago when there are too many', () => {
    const { cache, pass } = cacheAt({ maxEntries: 10 });
    for (let i = 0; i < 10; i++) {
      cache.cacheCommand(`cmd_${String(i)}`, { id: `cmd_${String(i)}`, metadata: { dbUuid: `uuid-${String(i)}` } });
      pass(1);
    }
    cache.getCachedCommand('uuid-0');
    cache.cacheCommand(TEMPORARY, inDatabase());
    expect([cache.getCacheSize(), cache.getCachedCommand('cmd_1'), cache.getMappedId('uuid-1'), cache.getCachedCommand('cmd_0')]).toMatchObject([10, null, undefined, { id: 'cmd_0' }] as object);
  });

  it('comes for ids, too, whose command never came', () => {
    const { cache } = cacheAt({ maxEntries: 10 });
    for (let i = 0; i < 1_000; i++) cache.syncIds(`cmd_${String(i)}`, `uuid-${String(i)}`);
    expect(cache.getAliasCount()).toBeLessThanOrEqual(20);
    expect([cache.getCacheSize(), cache.getMappedId('cmd_999')]).toEqual([0, 'uuid-999']);
  });
});
