import { DiscoveryService } from '@nestjs/core';
import type { CacheTypeName } from './cache-registry.js';
import type { CacheScope } from './entry/cache-key.js';

/** How the results of a provider's method are cached, by its arguments. `undefined` is not kept. */
export interface CachedRule<A extends readonly unknown[] = readonly never[]> {
  readonly type: CacheTypeName;
  /** Whose it is. */
  readonly tenantId: (...args: A) => string;
  readonly id: (...args: A) => string | readonly string[];
  readonly scope?: (...args: A) => CacheScope;
}

const RULES = new WeakMap<object, CachedRule>();

/** Marks providers that have methods with {@link Cached}. */
export const HasCachedMethods: ReturnType<typeof DiscoveryService.createDecorator> = DiscoveryService.createDecorator();

/** Caches what a method of a provider returns; the class needs {@link HasCachedMethods}. */
export function Cached<A extends readonly unknown[]>(rule: CachedRule<A>) {
  return <R>(_: object, __: string | symbol, { value }: TypedPropertyDescriptor<(...args: [...A]) => Promise<R>>): void => {
    if (value) RULES.set(value, rule as unknown as CachedRule);
  };
}

/** The rule of a method with {@link Cached}. */
export function cachedRuleOf(method: unknown): CachedRule | undefined {
  return typeof method === 'function' ? RULES.get(method) : undefined;
}
