import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import type { Tier } from '../../contracts/index.js';

/** What a key may be used for: `docs/tenants.md`. `admin` includes the others, and may name any tenant. */
export const SCOPES = ['user', 'agent', 'internal', 'operator', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** Which key a caller came with. */
export interface PrincipalKey {
  readonly keyId: string;
  /** SHA-256 of the secret, in hexadecimal: with it the caller is looked up again. */
  readonly hash: string;
}

/** Who is calling, as the credentials say. */
export interface Principal {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly scopes: readonly Scope[];
  /** null for the administrator's key of the settings, and for callers without a key in development. */
  readonly key: PrincipalKey | null;
  /** What the key is called; missing for callers without one. */
  readonly keyName?: string;
  /** The request's header has named the tenant: nothing else of it may name another one. */
  readonly isTenantNamed?: true;
}

/** The caller of the current HTTP request; the guard has put it there. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext): Principal => context.switchToHttp().getRequest<{ principal: Principal }>().principal,
);
