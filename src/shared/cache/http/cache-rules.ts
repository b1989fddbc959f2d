import type { IncomingHttpHeaders } from 'node:http';
import { applyDecorators, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { CacheTypeName, ScopeKind } from '../cache-registry.js';
import type { CacheScope } from '../entry/cache-key.js';

/** A request whose caller the guard has found out. */
export type CallerRequest = FastifyRequest & { readonly principal?: { readonly tenantId: string } };

/** How the answers of a handler are cached: for the caller's tenant, which no rule can name. */
export interface CacheResponseRule {
  readonly type: CacheTypeName;
  /** What of the request, besides the handler, decides the answer. */
  readonly key: (request: FastifyRequest) => string | readonly string[];
  /** What the answer is under, for invalidation. */
  readonly scope?: (request: FastifyRequest) => CacheScope;
}

/** What a handler that succeeds makes void. */
export interface InvalidationRule {
  readonly kinds: readonly ScopeKind[];
  readonly scope?: (request: FastifyRequest) => CacheScope;
}

/** Metadata keys that the interceptors read. */
export const CACHE_RESPONSE = 'nooble:cache-response';
export const INVALIDATES_CACHE = 'nooble:invalidates-cache';

/** Caches the answers of a GET handler, with an `ETag`; what its callers may send and see is in `docs/caching.md`. */
export function CacheResponse(rule: CacheResponseRule): MethodDecorator {
  return applyDecorators(
    SetMetadata(CACHE_RESPONSE, rule),
    ApiHeader({ name: 'If-None-Match', required: false, description: 'ETag of the answer that you have; 304 when it is still the same' }),
    ApiHeader({ name: 'Cache-Control', required: false, description: 'no-cache reads past the cache' }),
    ApiResponse({ status: 304, description: 'What you have is still the same' }),
  );
}

/** After the handler has succeeded, what the caches have under these scopes of the caller's tenant is void. */
export function InvalidatesCache(rule: InvalidationRule): MethodDecorator {
  return SetMetadata(INVALIDATES_CACHE, rule);
}

/** Whether the caller wants nothing that any cache has. */
export function asksPastCaches({ 'cache-control': cacheControl = '' }: IncomingHttpHeaders): boolean {
  return /\bno-(cache|store)\b/i.test(cacheControl);
}

/** The request that a handler answers. */
export function requestOf(context: ExecutionContext): CallerRequest {
  return context.switchToHttp().getRequest<CallerRequest>();
}
