export { authorize } from './auth.guard.js';
export { AuthenticationService } from './authentication.service.js';
export { CurrentPrincipal } from './principal.js';
export type { Principal, Scope } from './principal.js';
export { RequiresScope, TenantInPath, WithoutTenant } from './requires-scope.js';
export { TenancyModule } from './tenancy.module.js';
export { TenantsService } from './tenants.service.js';
export { TIER_LIMITS, isAtLeast } from './tiers.js';
export type { TierLimits } from './tiers.js';
