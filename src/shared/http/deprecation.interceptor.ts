import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { MetricsService } from '../telemetry/index.js';
import { DEPRECATION, type Deprecation, deprecationHeaders } from './deprecated.js';

/** Says of routes with `@Deprecated` that they are, and counts who uses them still. */
@Injectable()
export class DeprecationInterceptor implements NestInterceptor {
  private readonly requests;

  constructor(
    private readonly reflector: Reflector,
    metrics: MetricsService,
  ) {
    this.requests = metrics.counter({ name: 'nooble_deprecated_requests_total', help: 'Requests of routes that are deprecated, by route.', labelNames: ['route'] });
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const deprecation = this.reflector.get<Deprecation | undefined>(DEPRECATION, context.getHandler());
    if (deprecation && context.getType() === 'http') {
      const { method, params, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
      void context.switchToHttp().getResponse<FastifyReply>().headers(deprecationHeaders(deprecation, params as Record<string, unknown>));
      this.requests.inc({ route: `${method} ${routeOptions.url ?? ''}` });
    }
    return next.handle();
  }
}
