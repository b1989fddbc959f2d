import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { DatabaseModule } from '../../shared/database/index.js';
import { ActionsController } from './actions.controller.js';
import { AdminApiKeysController } from './admin-api-keys.controller.js';
import { AdminCacheController } from './admin-cache.controller.js';
import { AdminDeadLettersController } from './admin-dead-letters.controller.js';
import { AdminTenantsController } from './admin-tenants.controller.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthGuard } from './auth.guard.js';
import { AuthenticationService } from './authentication.service.js';
import { CredentialChanges } from './credential-changes.service.js';
import { TenantEntity } from './tenant.entity.js';
import { TenantRepository } from './tenant.repository.js';
import { TenantsService } from './tenants.service.js';

@Module({
  imports: [DatabaseModule.forEntities(TenantEntity, ApiKeyEntity)],
  controllers: [AdminTenantsController, AdminApiKeysController, AdminCacheController, AdminDeadLettersController, ActionsController],
  providers: [TenantRepository, ApiKeyRepository, CredentialChanges, TenantsService, ApiKeysService, AuthenticationService, { provide: APP_GUARD, useClass: AuthGuard }],
  exports: [AuthenticationService, CredentialChanges, TenantsService, ApiKeysService],
})
export class TenancyModule {}
