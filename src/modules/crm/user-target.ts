import type { AuditRule } from '../tenancy/index.js';
import { userPseudonym } from '../tenancy/index.js';

/** How the audit log names the user in the path: it must not hold what an erasure takes out everywhere else. */
export const pseudonymOfPath: Extract<NonNullable<AuditRule['target']>, (...request: never[]) => unknown> = ({ principal, params }) => {
  const { userId } = params as { readonly userId?: unknown };
  return principal && typeof userId === 'string' ? `user:${userPseudonym(principal.tenantId, userId)}` : undefined;
};
