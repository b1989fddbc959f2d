import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { Audited } from './audit/audited.js';
import { LimitOverridesDto, TenantLimitsDto } from './dto/tenant-limits.dto.js';
import { TenantPathDto } from './dto/tenant.dto.js';
import { RequiresScope } from './requires-scope.js';
import { type Tenant, TenantsService } from './tenants.service.js';
import { LIMIT_NAMES, limitsOf } from './tiers.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/tenants/:tenantId/limits')
export class AdminTenantLimitsController {
  constructor(private readonly tenants: TenantsService) {}

  /** What a tenant may: what an administrator has set, and what counts. */
  @Get()
  async get(@Param() { tenantId }: TenantPathDto): Promise<TenantLimitsDto> {
    return answerOf(await this.tenants.get(tenantId));
  }

  /** Sets what a tenant may otherwise than its tier, in place of what was set before; `{}` goes back to the tier. Every process follows at once. */
  @Put()
  @Audited('tenant.limits', { target: 'tenantId', tenant: 'tenantId', says: LIMIT_NAMES })
  async set(@Param() { tenantId }: TenantPathDto, @Body() body: LimitOverridesDto): Promise<TenantLimitsDto> {
    return answerOf(await this.tenants.setLimits(tenantId, body));
  }
}

function answerOf({ tenantId, tier, limits }: Tenant): TenantLimitsDto {
  return { tenantId, tier, overrides: limits, effective: limitsOf(tier, limits) };
}
