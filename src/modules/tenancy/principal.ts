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
  /** The API key that he came with; without one he is the holder of NOOBLE_ADMIN_KEY, or only says who he is (AUTH_MODE=headers). */
  readonly keyId?: string;
  readonly keyName?: string;
  /** The tenant whose key it is, which may be another than the one that he names. */
  readonly keyTenantId?: string;
}

/** The caller of the current HTTP request; the guard has put it there. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<{ principal: Principal }>().principal,
);
