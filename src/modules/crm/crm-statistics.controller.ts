import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal, RequiresScope } from '../tenancy/index.js';
import { AgentStatisticsDto, TenantStatisticsDto } from './dto/statistics.dto.js';
import { StatisticsService } from './statistics.service.js';

@ApiTags('crm')
@ApiBearerAuth()
@RequiresScope('operator')
@Controller('api/v1/crm/stats')
export class CrmStatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  /** The tenant's numbers, and those of each of its agents. */
  @Get()
  async ofTenant(@CurrentPrincipal() { tenantId }: Principal): Promise<TenantStatisticsDto> {
    return TenantStatisticsDto.of(tenantId, await this.statistics.ofTenant(tenantId));
  }

  /** One agent's numbers. */
  @Get('agents/:agentId')
  async ofAgent(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string): Promise<AgentStatisticsDto> {
    return AgentStatisticsDto.of(agentId, await this.statistics.ofAgent(tenantId, agentId));
  }
}
