import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { DatabaseModule } from '../../shared/database/index.js';
import { ActionsController } from './actions.controller.js';
import { AdminApiKeysController } from './admin-api-keys.controller.js';
import { AdminCacheController } from './admin-cache.controller.js';
import { AdminDeadLettersController } from './admin-dead-letters.controller.js';
import { AdminTenantLimitsController } from './admin-tenant-limits.controller.js';
import { AdminTenantsController } from './admin-tenants.controller.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiRequestsStore } from './api-requests.store.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { AuditInterceptor } from './audit/audit.interceptor.js';
import { AuditLogEntity } from './audit/audit-log.entity.js';
import { AuditLogRepository } from './audit/audit-log.repository.js';
import { AuditLog } from './audit/audit-log.service.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthGuard } from './auth.guard.js';
import { AuthenticationService } from './authentication.service.js';
import { CredentialChanges } from './credential-changes.service.js';
import { TenantEntity } from './tenant.entity.js';
import { RequestCeiling } from './request-ceiling.service.js';
import { TenantLimits } from './tenant-limits.service.js';
import { TenantRepository } from './tenant.repository.js';
import { TenantsService } from './tenants.service.js';

@Module({
  imports: [DatabaseModule.forEntities(TenantEntity, ApiKeyEntity, AuditLogEntity)],
  controllers: [AdminTenantsController, AdminTenantLimitsController, AdminApiKeysController, AdminCacheController, AdminDeadLettersController, ActionsController],
  providers: [TenantRepository, ApiKeyRepository, CredentialChanges, TenantsService, ApiKeysService, TenantLimits, ApiRequestsStore, RequestCeiling, AuthenticationService, AuditLogRepository, AuditLog, { provide: APP_INTERCEPTOR, useClass: AuditInterceptor }, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [AuthenticationService, CredentialChanges, TenantsService, TenantLimits, RequestCeiling, ApiKeysService, AuditLog],
})
export class TenancyModule {}
