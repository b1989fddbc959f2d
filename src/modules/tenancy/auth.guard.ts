import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CLIENT_ID, SYSTEM_TENANT } from '../../contracts/index.js';
import { rateLimitHeaders } from '../../shared/http/index.js';
import { PUBLIC } from '../../shared/telemetry/index.js';
import { AuthenticationService } from './authentication.service.js';
import type { Principal, Scope } from './principal.js';
import { REQUIRED_SCOPE, TENANT_IN_PATH, WITHOUT_TENANT } from './requires-scope.js';
import { RequestCeiling } from './request-ceiling.service.js';
import { tenancyErrors } from './tenancy.errors.js';

/** A socket whose handshake has been, or is being, authenticated by its gateway. */
export interface AuthenticatedSocket {
  readonly principal: Promise<Principal>;
}

/** The one guard, of the REST API and of the messages of sockets: nobody passes a handler that declares neither a scope nor that it is public. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: AuthenticationService,
    private readonly ceiling: RequestCeiling,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) === true) return true;
    const caller = await this.principalOf(context);
    const scope = this.reflector.getAllAndOverride<Scope | undefined>(REQUIRED_SCOPE, targets);
    if (scope === undefined) throw tenancyErrors.scopeUndeclared(`${context.getClass().name}.${context.getHandler().name}`);
    requireScope(caller, scope);
    const isTenantInPath = this.reflector.getAllAndOverride<boolean | undefined>(TENANT_IN_PATH, targets) === true;
    const principal = isTenantInPath ? await this.inPathsTenant(context, caller) : caller;
    authorize(principal, scope, this.reflector.getAllAndOverride<boolean | undefined>(WITHOUT_TENANT, targets));
    const rate = context.getType() === 'http' ? await this.ceiling.take(principal) : undefined;
    if (rate) void context.switchToHttp().getResponse<FastifyReply>().headers(rateLimitHeaders(rate));
    return true;
  }

  private async principalOf(context: ExecutionContext): Promise<Principal> {
    if (context.getType() === 'ws') return context.switchToWs().getClient<AuthenticatedSocket>().principal;
    const request = context.switchToHttp().getRequest<FastifyRequest & { principal?: Principal }>();
    request.principal = await this.authentication.authenticate(request.headers);
    return request.principal;
  }

  /** From here on the handler and everything around it see the tenant that the path names. */
  private async inPathsTenant(context: ExecutionContext, caller: Principal): Promise<Principal> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { principal?: Principal }>();
    request.principal = await this.authentication.inTenant(caller, tenantInPath(request));
    return request.principal;
  }
}

/** @throws VALIDATION_FAILED (invalid) */
function tenantInPath({ params }: FastifyRequest): string | undefined {
  const { tenantId } = params as { readonly tenantId?: string };
  if (tenantId !== undefined && !CLIENT_ID.test(tenantId)) throw tenancyErrors.tenantPathInvalid();
  return tenantId;
}

/**
 * Lets a caller through who has the scope; `admin` includes every other one.
 *
 * @param mayLackTenant the caller's subject may be every tenant
 * @throws SCOPE_MISSING (forbidden), TENANT_UNNAMED (invalid)
 */
export function authorize(principal: Principal, scope: Scope, mayLackTenant = false): void {
  requireScope(principal, scope);
  if (principal.tenantId === SYSTEM_TENANT && scope !== 'admin' && !mayLackTenant) throw tenancyErrors.tenantUnnamed();
}

function requireScope({ scopes }: Principal, scope: Scope): void {
  if (!scopes.includes(scope) && !scopes.includes('admin')) throw tenancyErrors.scopeMissing(scope);
}
