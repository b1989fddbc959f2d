import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';

/** What a key may be used for. `admin` may also name other tenants. */
export const SCOPES = ['user', 'agent', 'internal', 'operator', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** Who is calling, as the credentials say. */
export interface Principal {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly scopes: readonly Scope[];
}

/** The caller of the current HTTP request; the guard has put it there. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<{ principal: Principal }>().principal,
);
