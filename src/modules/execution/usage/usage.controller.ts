import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, type Principal, RequiresScope, TenantLimits } from '../../tenancy/index.js';
import { UsageDto } from './dto/usage.dto.js';
import { TenantUsage } from './tenant-usage.service.js';

@ApiTags('executions')
@ApiBearerAuth()
@RequiresScope('user')
@Controller('api/v1/usage')
export class UsageController {
  constructor(
    private readonly limits: TenantLimits,
    private readonly usage: TenantUsage,
  ) {}

  /** What the caller's tenant may, what it has used and what is left. */
  @Get()
  async get(@CurrentPrincipal() { tenantId, tier }: Principal): Promise<UsageDto> {
    const [limits, reading] = await Promise.all([this.limits.of(tenantId, tier), this.usage.readAll(tenantId)]);
    return UsageDto.of(tenantId, tier, limits, reading);
  }
}
