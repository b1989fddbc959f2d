import { EventEmitter } from 'node:events';
import type { CachedCommand } from '../../src/modules/execution/commands/command.js';
import { CommandCache, type CommandCacheOptions } from '../../src/modules/execution/commands/command-cache.js';

export const UUID = '550e8400-e29b-41d4-a716-446655440000';
export const OTHER_UUID = '550e8400-e29b-41d4-a716-446655440001';
export const TEMPORARY = 'cmd_12345';

type Told = [event: string, payload: CachedCommand | { readonly id: string }];

/** What a cache takes. */
export type Cacheable = Parameters<CommandCache['cacheCommand']>[1];

/** A cache, what it tells, and a way to let time pass, which stands still otherwise. */
export interface WatchedCache {
  readonly cache: CommandCache;
  readonly told: Told[];
  readonly failures: unknown[];
  readonly pass: (ms: number) => void;
}

export function cacheAt(options: CommandCacheOptions = {}): WatchedCache {
  let time = 1_000_000;
  const told: Told[] = [];
  const failures: unknown[] = [];
  const cache = new CommandCache({ now: () => time, onListenerError: (error) => failures.push(error), ...options });
  const emitter = new EventEmitter();
  for (const event of ['commandCacheUpdated', 'commandCacheRemoved']) emitter.on(event, (payload: CachedCommand) => told.push([event, payload]));
  cache.setEventEmitter(emitter);
  return { cache, told, failures, pass: (ms) => void (time += ms) };
}

export const command = (fields: object = {}): Cacheable => ({ id: TEMPORARY, task: 'Count', status: 'pending', ...fields });
export const inDatabase = (fields: object = {}): Cacheable => command({ metadata: { dbUuid: UUID }, ...fields });
