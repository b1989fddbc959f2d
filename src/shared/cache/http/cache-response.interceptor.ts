import { createHash } from 'node:crypto';
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { type Lookup, TieredCache } from '../tiered-cache.service.js';
import { asksPastCaches, CACHE_RESPONSE, type CacheResponseRule, type CallerRequest, requestOf } from './cache-rules.js';

/** An answer as it is sent. */
interface StoredAnswer {
  readonly json: string;
  readonly etag: string;
}

const X_CACHE: Readonly<Record<Lookup<unknown>['source'], string>> = { l1: 'HIT-L1', l2: 'HIT-L2', stale: 'STALE', loaded: 'MISS', none: 'MISS' };

/** Answers for handlers with `@CacheResponse`, after the guard and before the pipes; a handler's error is never kept. */
@Injectable()
export class CacheResponseInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly cache: TieredCache,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rule = this.reflector.get<CacheResponseRule | undefined>(CACHE_RESPONSE, context.getHandler());
    if (rule === undefined) return next.handle();
    return from(this.answer(rule, context, next));
  }

  private async answer(rule: CacheResponseRule, context: ExecutionContext, next: CallHandler): Promise<string | undefined> {
    const request = requestOf(context);
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const isReload = asksPastCaches(request.headers);
    const { source, value } = await this.read(rule, request, `${context.getClass().name}.${context.getHandler().name}`, { isReload, next });
    if (value === undefined) return undefined;
    void reply.headers({ 'x-cache': isReload ? 'BYPASS' : X_CACHE[source], etag: value.etag, 'cache-control': 'private, no-cache', vary: 'Authorization, X-Tenant-ID, Origin' });
    if (isNamed(request.headers['if-none-match'], value.etag)) {
      void reply.status(304);
      return undefined;
    }
    void reply.header('content-type', 'application/json; charset=utf-8');
    return value.json;
  }

  private async read(rule: CacheResponseRule, request: CallerRequest, handler: string, { isReload, next }: { isReload: boolean; next: CallHandler }): Promise<Lookup<StoredAnswer>> {
    const id = [handler, ...[rule.key(request)].flat()];
    const ref = { tenantId: request.principal?.tenantId ?? '', type: rule.type, id, ...(rule.scope && { scope: rule.scope(request) }) };
    return this.cache.getOrLoad<StoredAnswer>(ref, async () => toAnswer(await firstValueFrom(next.handle())), { isReload });
  }
}

function toAnswer(body: unknown): StoredAnswer {
  const json = JSON.stringify(body);
  return { json, etag: `"${createHash('sha1').update(json).digest('base64url')}"` };
}

/** @param header If-None-Match: entity tags, weak or not, or `*` */
function isNamed(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
