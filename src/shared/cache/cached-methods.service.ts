import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type CachedRule, cachedRuleOf, HasCachedMethods } from './cached.js';
import { TieredCache } from './tiered-cache.service.js';

type Method = (...args: never[]) => Promise<unknown>;

/** Puts the cache before every method with `@Cached`. */
@Injectable()
export class CachedMethods implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly cache: TieredCache,
  ) {}

  onModuleInit(): void {
    for (const { instance } of this.discovery.getProviders({ metadataKey: HasCachedMethods.KEY })) {
      const provider = instance as Record<string, Method>;
      for (const name of this.scanner.getAllMethodNames(Object.getPrototypeOf(provider) as object)) {
        const method = provider[name];
        const rule = cachedRuleOf(method);
        if (method && rule) provider[name] = this.cached(rule, method.bind(provider));
      }
    }
  }

  private cached(rule: CachedRule, method: Method): Method {
    return async (...args) => {
      const ref = { tenantId: rule.tenantId(...args), type: rule.type, id: rule.id(...args), ...(rule.scope && { scope: rule.scope(...args) }) };
      return (await this.cache.getOrLoad(ref, () => method(...args))).value;
    };
  }
}
