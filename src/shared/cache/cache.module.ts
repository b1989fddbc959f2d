import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { APP_INTERCEPTOR, DiscoveryModule } from '@nestjs/core';
import { CacheSettings, RedisSettings } from '../config/index.js';
import { AgentCacheInvalidator } from './agent-cache-invalidator.service.js';
import { CacheAsideService } from './cache-aside.service.js';
import { CacheEngine, createCacheEngine } from './cache-engine.js';
import { CACHE_MANAGER, createCacheManager } from './plain-cache.js';
import { CachedMethods } from './cached-methods.service.js';
import { CacheResponseInterceptor } from './http/cache-response.interceptor.js';
import { InvalidatesCacheInterceptor } from './http/invalidates-cache.interceptor.js';
import { CacheEventSource } from './metrics/cache-events.js';
import { CacheMetrics } from './metrics/cache-metrics.service.js';
import { TieredCache } from './tiered-cache.service.js';

/** The caches of the process: one engine, and everything that goes through it. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: CacheEngine, inject: [CacheSettings, RedisSettings], useFactory: (settings: CacheSettings, { url }: RedisSettings) => createCacheEngine(settings, url) },
    { provide: TieredCache, inject: [CacheEngine], useFactory: ({ cache }: CacheEngine) => cache },
    { provide: CacheEventSource, inject: [CacheEngine], useFactory: ({ events }: CacheEngine) => events },
    { provide: CACHE_MANAGER, inject: [CacheEngine, CacheSettings], useFactory: ({ connection }: CacheEngine, { deadlineMs }: CacheSettings) => createCacheManager(connection, deadlineMs) },
    { provide: APP_INTERCEPTOR, useClass: CacheResponseInterceptor },
    { provide: APP_INTERCEPTOR, useClass: InvalidatesCacheInterceptor },
    ...[CacheAsideService, AgentCacheInvalidator, CachedMethods, CacheMetrics],
  ],
  exports: [TieredCache, CacheEventSource, CACHE_MANAGER, CacheAsideService, AgentCacheInvalidator, CacheMetrics],
})
export class CacheModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly engine: CacheEngine) {}

  /** Connects in the background: the process starts without Redis, too. */
  onModuleInit(): void {
    this.engine.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.engine.stop();
  }
}
