import { describe, expect, it } from '@jest/globals';
import { TEMPORARY, OTHER_UUID, UUID, cacheAt, command, inDatabase } from '../../../../test/support/command-caches.js';
import type { CommandUpdates } from './command.js';

describe('a cached command', () => {
  it('is read by its id; an unknown id is null', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, command());
    expect(cache.getCachedCommand(TEMPORARY)).toMatchObject({ id: TEMPORARY, task: 'Count', status: 'pending', createdAt: 1_000_000, updatedAt: 1_000_000 });
    expect(cache.getCachedCommand('cmd_unknown')).toBeNull();
  });

  it('has two ids by its dbUuid alone', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    expect(cache.getCachedCommand(UUID)).toBe(cache.getCachedCommand(TEMPORARY));
    expect([cache.getMappedId(TEMPORARY), cache.getMappedId(UUID)]).toEqual([UUID, UUID]);
  });

  it.each(['syncIds', 'setIdMapping'] as const)('has two ids by %s, before it comes or after', (sync) => {
    for (const steps of [['cache', 'sync'], ['sync', 'cache'], ['cacheByUuid', 'sync'], ['sync', 'cacheByUuid']]) {
      const { cache } = cacheAt();
      const run: Record<string, () => void> = { cache: () => { cache.cacheCommand(TEMPORARY, command()); }, cacheByUuid: () => { cache.cacheCommand(UUID, command()); }, sync: () => { cache[sync](TEMPORARY, UUID); } };
      for (const step of steps) run[step]?.();
      expect(cache.getCachedCommand(TEMPORARY)).toMatchObject({ task: 'Count' });
      expect(cache.getCachedCommand(UUID)).toBe(cache.getCachedCommand(TEMPORARY));
      expect([cache.getMappedId(TEMPORARY), cache.getMappedId(UUID), cache.getMappedId('x')]).toEqual([UUID, UUID, undefined]);
      expect([cache.getCacheSize(), cache.getAliasCount()]).toEqual([1, 2]);
    }
  });

  it('of two that turn out to be one, is the one that changed last, with the background that either had', () => {
    const { cache, pass } = cacheAt();
    cache.cacheCommand(TEMPORARY, command({ agentBackground: 'a guide' }));
    pass(10);
    cache.cacheCommand(UUID, command({ task: 'newer' }));
    cache.syncIds(TEMPORARY, UUID);
    expect(cache.getCachedCommand(TEMPORARY)).toMatchObject({ task: 'newer', agentBackground: 'a guide' });
    expect([cache.getCacheSize(), cache.getAliasCount()]).toEqual([1, 2]);
  });

  it('is found under another UUID once its temporary id leads there', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    cache.syncIds(TEMPORARY, OTHER_UUID);
    expect([cache.getMappedId(TEMPORARY), cache.getMappedId(UUID), cache.getMappedId(OTHER_UUID)]).toEqual([OTHER_UUID, UUID, OTHER_UUID]);
    expect([cache.getCachedCommand(TEMPORARY), cache.getCachedCommand(UUID), cache.getCachedCommand(OTHER_UUID)]).toMatchObject([{ task: 'Count' }, { task: 'Count' }, { task: 'Count' }]);
    cache.removeCachedCommand(UUID);
    expect(cache.getCachedCommand(TEMPORARY)).not.toBeNull();
    cache.removeCachedCommand(TEMPORARY);
    expect([cache.getCacheSize(), cache.getAliasCount()]).toEqual([0, 0]);
  });

  it('cannot be changed through what was put in, handed out or told', () => {
    const { cache, told } = cacheAt();
    const mine = { ...command(), results: [{ text: 'a' }], at: new Date(0), run: () => 1 };
    cache.cacheCommand(TEMPORARY, mine);
    mine.results[0]!.text = 'b';
    mine.results.push({ text: 'c' });
    const seen = cache.getCachedCommand(TEMPORARY) as unknown as typeof mine;
    expect(() => (seen.results[0]!.text = 'x')).toThrow(TypeError);
    expect(() => seen.results.push({ text: 'y' })).toThrow(TypeError);
    expect(() => Object.assign(seen, { task: 'z' })).toThrow(TypeError);
    const patch = { results: [{ text: 'd' }], options: { deep: [1] } };
    cache.updateCachedCommand(TEMPORARY, patch);
    patch.results[0]!.text = 'e';
    patch.options.deep.push(2);
    expect(() => Object.assign(told[0]![1], { status: 'failed' })).toThrow(TypeError);
    cache.getAllCachedCommands().clear();
    cache.getAllIdMappings().set('a', 'b');
    expect(cache.getCachedCommand(TEMPORARY)).toMatchObject({ task: 'Count', results: [{ text: 'd' }], options: { deep: [1] }, at: '1970-01-01T00:00:00.000Z' });
    expect(cache.getCachedCommand(TEMPORARY)?.['run']).toBeUndefined();
  });

  it('belongs to its cache: two caches never meet', () => {
    const [acme, other] = [cacheAt().cache, cacheAt().cache];
    acme.cacheCommand(TEMPORARY, inDatabase());
    expect([other.getCachedCommand(TEMPORARY), other.getMappedId(TEMPORARY)]).toEqual([null, undefined]);
  });
});

describe('an update', () => {
  it.each([[TEMPORARY, UUID], [UUID, TEMPORARY], [UUID, UUID]])('by %s is seen by %s', (by, seenBy) => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    cache.updateCachedCommand(by, { status: 'completed' });
    expect(cache.getCachedCommand(seenBy)).toMatchObject({ status: 'completed', id: TEMPORARY });
  });

  it('moves updatedAt, also within a millisecond, returns the whole command, and is told once', () => {
    const { cache, told, pass } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    const first = cache.updateCachedCommand(TEMPORARY, { status: 'completed' });
    pass(500);
    const second = cache.updateCachedCommand(UUID, { error: null, id: 'forged', createdAt: 1 });
    expect([first?.updatedAt, second?.updatedAt]).toEqual([1_000_001, 1_000_500]);
    expect(second).toMatchObject({ id: TEMPORARY, task: 'Count', status: 'completed', error: null, createdAt: 1_000_000 });
    expect(told).toEqual([['commandCacheUpdated', first], ['commandCacheUpdated', second]]);
    expect([cache.updateCachedCommand(TEMPORARY, { updatedAt: 2_000_000 })?.updatedAt, cache.updateCachedCommand(TEMPORARY, { updatedAt: 5 })?.updatedAt]).toEqual([2_000_000, 2_000_001]);
  });

  it('of an unknown id is null and told nobody', () => {
    const { cache, told } = cacheAt();
    expect(cache.updateCachedCommand('cmd_unknown', { status: 'failed' })).toBeNull();
    cache.syncIds('cmd_early', UUID);
    expect(cache.updateCachedCommand(UUID, { status: 'failed' })).toBeNull();
    expect(told).toEqual([]);
  });

  it.each([{}, { agentBackground: undefined }, { agentBackground: null }, { agentBackground: '' }, { agentBackground: ' \n' }, { results: [1], status: 'completed' }] as const)('with %j keeps the background', (updates) => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase({ agentBackground: 'You are a guide.' }));
    expect(cache.updateCachedCommand(TEMPORARY, updates)?.agentBackground).toBe('You are a guide.');
  });

  it('replaces results when it has some, and never appends', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, command({ results: ['a'] }));
    const after = (updates: CommandUpdates): unknown => cache.updateCachedCommand(TEMPORARY, updates)?.results;
    expect([after({ results: ['a', 'b'] }), after({ status: 'completed' }), after({ results: null } as unknown as CommandUpdates), after({ results: undefined }), after({ results: [] })]).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['a', 'b'], []]);
  });

  it('with a model alone makes it the modelId; any other keeps the modelId', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, command({ model: 'm1', modelId: 'm1-2026' }));
    const after = (updates: CommandUpdates): unknown => cache.updateCachedCommand(TEMPORARY, updates)?.modelId;
    expect([after({ status: 'running' }), after({ model: 'm2' }), after({ model: 'm3', modelId: 'm3-x' }), after({ modelId: 'y' }), after({ task: 'x' })]).toEqual(['m1-2026', 'm2', 'm3-x', 'y', 'y']);
  });

  it('does not lose the UUID with other metadata, and can bring it', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, command());
    cache.updateCachedCommand(TEMPORARY, { metadata: { dbUuid: UUID } });
    expect(cache.updateCachedCommand(UUID, { metadata: { lastUpdated: 5 } })?.metadata).toEqual({ dbUuid: UUID, lastUpdated: 5 });
    expect(cache.getCachedCommand(TEMPORARY)).toBe(cache.getCachedCommand(UUID));
  });

  it('reads waiting_for_supervision as pending_supervision', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, command({ status: 'waiting_for_supervision' }));
    expect(cache.getCachedCommand(TEMPORARY)?.status).toBe('pending_supervision');
    cache.updateCachedCommand(TEMPORARY, { status: 'running' });
    expect(cache.updateCachedCommand(TEMPORARY, { status: 'waiting_for_supervision' })?.status).toBe('pending_supervision');
  });

  it('needs no emitter, and stands when a listener throws', () => {
    const { cache, failures } = cacheAt();
    cache.cacheCommand(TEMPORARY, command());
    cache.setEventEmitter({ emit: () => { throw new RangeError('no'); } });
    expect(cache.updateCachedCommand(TEMPORARY, { status: 'completed' })?.status).toBe('completed');
    expect(cache.getCachedCommand(TEMPORARY)?.status).toBe('completed');
    expect([cache.removeCachedCommand(TEMPORARY), cache.getCachedCommand(TEMPORARY), failures]).toEqual([true, null, [new RangeError('no'), new RangeError('no')]]);
    cache.setEventEmitter(undefined);
    cache.cacheCommand(TEMPORARY, command());
    expect(cache.updateCachedCommand(TEMPORARY, { status: 'failed' })?.status).toBe('failed');
  });

  it('tells the last emitter that was set, and it alone', () => {
    const { cache, told } = cacheAt();
    const second: unknown[] = [];
    cache.setEventEmitter({ emit: (event) => second.push(event) });
    cache.cacheCommand(TEMPORARY, command());
    cache.updateCachedCommand(TEMPORARY, {});
    expect([told, second]).toEqual([[], ['commandCacheUpdated']]);
  });
});

describe('the background', () => {
  it('is there by either id, or is not', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase());
    expect([cache.hasAgentBackground(TEMPORARY), cache.getAgentBackground(UUID), cache.hasAgentBackground('x')]).toEqual([false, undefined, false]);
    expect(cache.setAgentBackground(TEMPORARY, 'text')).toBe(true);
    expect([cache.hasAgentBackground(UUID), cache.getAgentBackground(UUID), cache.getAgentBackground(TEMPORARY)]).toEqual([true, 'text', 'text']);
    cache.cacheCommand('cmd_blank', command({ id: 'cmd_blank', agentBackground: '  ' }));
    expect(cache.hasAgentBackground('cmd_blank')).toBe(false);
  });

  it('of an unknown command makes a pending one, which keeps it when the command comes', () => {
    const { cache } = cacheAt();
    cache.setAgentBackground(TEMPORARY, 'text');
    expect(cache.getCachedCommand(TEMPORARY)).toEqual({ id: TEMPORARY, agentBackground: 'text', status: 'pending', createdAt: 1_000_000, updatedAt: 1_000_000 });
    for (const agentBackground of [undefined, null, '']) cache.cacheCommand(TEMPORARY, inDatabase({ agentBackground }));
    expect(cache.getCachedCommand(UUID)).toMatchObject({ task: 'Count', agentBackground: 'text' });
    cache.cacheCommand(TEMPORARY, inDatabase({ agentBackground: 'another' }));
    expect(cache.getAgentBackground(UUID)).toBe('another');
  });

  it('stays when the database is read again and has none', () => {
    const { cache } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase({ agentBackground: 'text' }));
    cache.cacheCommand(UUID, inDatabase({ status: 'completed', agentBackground: null }));
    expect(cache.getCachedCommand(TEMPORARY)).toMatchObject({ status: 'completed', agentBackground: 'text' });
  });

  it('is told when it changes, and the same one again is nothing', () => {
    const { cache, told, pass } = cacheAt();
    cache.cacheCommand(TEMPORARY, command());
    cache.setAgentBackground(TEMPORARY, 'text');
    pass(5);
    const before = cache.getCachedCommand(TEMPORARY);
    expect([cache.setAgentBackground(TEMPORARY, 'text'), cache.setAgentBackground(TEMPORARY, ' ')]).toEqual([true, true]);
    expect(cache.getCachedCommand(TEMPORARY)).toBe(before);
    expect(told).toEqual([['commandCacheUpdated', before]]);
  });

  it('goes when it is cleared, and only then', () => {
    const { cache, told } = cacheAt();
    cache.cacheCommand(TEMPORARY, inDatabase({ agentBackground: 'text' }));
    expect([cache.clearAgentBackground(UUID), cache.clearAgentBackground(UUID), cache.clearAgentBackground('x')]).toEqual([true, false, false]);
    expect([cache.hasAgentBackground(TEMPORARY), told.length]).toEqual([false, 1]);
    cache.setAgentBackground(TEMPORARY, 'again');
    expect([cache.setAgentBackground(TEMPORARY, null), cache.getAgentBackground(TEMPORARY)]).toEqual([true, undefined]);
  });
});
