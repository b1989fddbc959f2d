import { Body, Controller, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Idempotent, type NewIds, RequestIds } from '../../shared/idempotency/index.js';
import { Audited } from './audit/audited.js';
import { CreateTenantDto } from './dto/create-tenant.dto.js';
import { TenantDto } from './dto/tenant.dto.js';
import { RequiresScope } from './requires-scope.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/tenants')
export class AdminTenantsController {
  constructor(private readonly tenants: TenantsService) {}

  /** Creates a tenant. */
  @Post()
  @Audited('tenant.create', { tenant: 'tenantId', says: ['name', 'tier'], answers: ['tenantId'] })
  @Idempotent()
  async create(@Body() body: CreateTenantDto, @RequestIds() ids: NewIds): Promise<TenantDto> {
    const { tenantId, name, tier, createdAt } = await this.tenants.create(body, ids.id('tenant'));
    return { tenantId, name, tier, createdAt };
  }
}
