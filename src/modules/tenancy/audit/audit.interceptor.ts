import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { toAppError } from '../../../shared/errors/index.js';
import { ApiKeyRepository } from '../api-key.repository.js';
import { actionOf, factsOf, keyIdOf } from './audit-facts.js';
import { AuditLog } from './audit-log.service.js';
import { AUDITED, type AuditedRule, type CallerRequest } from './audited.js';

/** Writes the calls of handlers with `@Audited` down: nothing is done that is not in the audit log, and nothing is answered whose outcome is not. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AuditLog,
    private readonly apiKeys: ApiKeyRepository,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const rule = this.reflector.get<AuditedRule | undefined>(AUDITED, context.getHandler());
    if (rule === undefined) return next.handle();
    const request = context.switchToHttp().getRequest<CallerRequest>();
    return rule.isNeeded?.(request) === false ? next.handle() : from(this.carryOut(rule, request, next));
  }

  private async carryOut(rule: AuditedRule, request: CallerRequest, next: CallHandler): Promise<unknown> {
    const action = actionOf(rule, request, new Date(), await this.tenantOfKey(rule, request));
    await this.log.begin(action);
    const answer = await this.answerOf(next).catch(async (thrown: unknown) => {
      // Its caller is told what has failed; the log then has that it was begun.
      await this.log.end(action, toAppError(thrown).code).catch(() => undefined);
      throw thrown;
    });
    await this.log.end(action, 'success', factsOf(rule, answer));
    return answer;
  }

  private async tenantOfKey(rule: AuditedRule, request: CallerRequest): Promise<string | undefined> {
    const keyId = keyIdOf(rule, request);
    // While PostgreSQL is away nothing can be written either.
    const apiKey = keyId === null ? null : await this.apiKeys.find(keyId).catch(() => null);
    return apiKey?.tenantId;
  }

  private async answerOf(next: CallHandler): Promise<unknown> {
    return lastValueFrom<unknown, unknown>(next.handle(), { defaultValue: undefined });
  }
}
