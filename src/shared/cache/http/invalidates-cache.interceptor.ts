import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { concatMap, type Observable } from 'rxjs';
import { scopeName } from '../entry/cache-key.js';
import { TieredCache } from '../tiered-cache.service.js';
import { INVALIDATES_CACHE, type InvalidationRule, requestOf } from './cache-rules.js';

/** Makes void what handlers with `@InvalidatesCache` have changed, before their caller has the answer. */
@Injectable()
export class InvalidatesCacheInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly cache: TieredCache,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rule = this.reflector.get<InvalidationRule | undefined>(INVALIDATES_CACHE, context.getHandler());
    if (rule === undefined) return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        await this.invalidate(rule, context);
        return answer;
      }),
    );
  }

  private async invalidate({ kinds, scope }: InvalidationRule, context: ExecutionContext): Promise<void> {
    const request = requestOf(context);
    const ids = scope?.(request) ?? {};
    await this.cache.invalidate(
      request.principal?.tenantId ?? '',
      kinds.flatMap((kind) => scopeName(kind, ids) ?? []),
    );
  }
}
