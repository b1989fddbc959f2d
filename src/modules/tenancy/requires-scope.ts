import { type CustomDecorator, SetMetadata } from '@nestjs/common';
import type { Scope } from './principal.js';

/** Metadata key that the guard reads. */
export const REQUIRED_SCOPE = 'nooble:requires-scope';

/** Metadata key that the guard reads. */
export const WITHOUT_TENANT = 'nooble:without-tenant';

/** Metadata key that the guard reads. */
export const TENANT_IN_PATH = 'nooble:tenant-in-path';

/** Where a path of this handler, or of this controller's, has `:tenantId`, it names the tenant: the caller's own, or any for an administrator. */
export function TenantInPath(): CustomDecorator {
  return SetMetadata(TENANT_IN_PATH, true);
}

/** The handler also answers a key that has no tenant of its own and names none: its subject is every tenant. */
export function WithoutTenant(): CustomDecorator {
  return SetMetadata(WITHOUT_TENANT, true);
}

/** The scope that a caller of this handler, or of every handler of this controller, must have. */
export function RequiresScope(scope: Scope): CustomDecorator {
  return SetMetadata(REQUIRED_SCOPE, scope);
}
