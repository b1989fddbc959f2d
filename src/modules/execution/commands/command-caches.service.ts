import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ExecutionSettings } from '../../../shared/config/index.js';
import type { CachedCommand, Command } from './command.js';
import { CommandCache } from './command-cache.js';
import { CommandEvents } from './command-events.service.js';
import { CommandNewsStore } from './command-news.store.js';

/** @source seed 002, "TTL (Time-To-Live) y Limpieza Automática": every 5 minutes */
const SWEEP_MS = 300_000;

/** A tenant's commands, and the number of the last change of one of them. */
interface Place {
  readonly cache: CommandCache;
  changedAt: number;
}

/**
 * The command caches of this process: one for each tenant, so that ids of two tenants never meet; all of them together hold COMMAND_CACHE_MAX_ENTRIES.
 * What another process changes is forgotten here.
 */
@Injectable()
export class CommandCaches implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  /** The tenant used longest ago comes first. */
  private readonly places = new Map<string, Place>();
  private timer: NodeJS.Timeout | undefined;
  private changes = 0;

  constructor(
    private readonly settings: ExecutionSettings,
    private readonly events: CommandEvents,
    private readonly news: CommandNewsStore,
  ) {}

  onModuleInit(): void {
    this.news.listen({
      onChanged: ({ tenantId, id }) => {
        this.places.get(tenantId)?.cache.removeCachedCommand(id);
        this.note(tenantId);
      },
      onGap: () => {
        this.places.clear();
      },
    });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweep();
    }, SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  of(tenantId: string): CommandCache {
    return this.placeOf(tenantId).cache;
  }

  /** Whether what is in the caches is what the processes last said of it. */
  get isSound(): boolean {
    return this.news.isSound;
  }

  /** Another number whenever a command of the tenant has changed, here or elsewhere: what was read before is not to be kept after. */
  fence(tenantId: string): number {
    return this.placeOf(tenantId).changedAt;
  }

  /** A command of the tenant is about to change. */
  note(tenantId: string): void {
    const place = this.places.get(tenantId);
    if (place) place.changedAt = ++this.changes;
  }

  /** The database has a command otherwise than before: the other processes forget it. @param id either of its ids */
  changed(tenantId: string, id: string): void {
    this.note(tenantId);
    this.news.tell({ tenantId, id });
  }

  /** Keeps a command under both of its ids. */
  keep(command: Command): void {
    const { cache } = this.placeOf(command.tenantId);
    cache.cacheCommand(command.id, command);
    for (const [tenantId, other] of this.places) {
      if (this.size <= this.settings.commandCacheMaxEntries || other.cache === cache) return;
      this.places.delete(tenantId);
    }
  }

  /** @returns null when it is not here, or only a part of it */
  find(tenantId: string, id: string): Command | null {
    const cached = this.of(tenantId).getCachedCommand(id);
    return cached && isWhole(cached) ? cached : null;
  }

  /** Forgets what is over, and tenants that have nothing. */
  sweep(): void {
    for (const [tenantId, { cache }] of this.places) {
      cache.cleanupCache();
      if (cache.getAliasCount() === 0) this.places.delete(tenantId);
    }
  }

  /** Commands of all tenants. */
  get size(): number {
    let size = 0;
    for (const { cache } of this.places.values()) size += cache.getCacheSize();
    return size;
  }

  private placeOf(tenantId: string): Place {
    const place = this.places.get(tenantId) ?? { cache: this.open(tenantId), changedAt: ++this.changes };
    this.places.delete(tenantId);
    this.places.set(tenantId, place);
    return place;
  }

  private open(tenantId: string): CommandCache {
    const cache = new CommandCache({ maxEntries: this.settings.commandCacheMaxEntries });
    cache.setEventEmitter({
      emit: (event, payload) => {
        if (event === 'commandCacheUpdated') this.events.emit(event, payload as CachedCommand, tenantId);
        else this.events.emit(event, payload, tenantId);
      },
    });
    return cache;
  }
}

/** Commands of the table have their UUID; those that stand in for one that is not here have not. */
function isWhole(command: CachedCommand): command is Command {
  return command.metadata?.dbUuid !== undefined;
}
