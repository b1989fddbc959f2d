import { Get, Query } from '@nestjs/common';
import { CacheResponse } from '../../shared/cache/index.js';
import { pathParam, queryKey, UuidParam } from '../../shared/http/index.js';
import { CurrentPrincipal, type Principal } from '../tenancy/index.js';
import { CrmController } from './crm-controller.js';
import { crmErrors } from './crm.errors.js';
import { OneAgentStatisticsDto, StatisticsQueryDto, TenantStatisticsDto } from './dto/statistics.dto.js';
import { StatisticsService } from './statistics.service.js';

@CrmController('stats')
export class CrmStatisticsController {
  constructor(private readonly statistics: StatisticsService) {}

  /** The tenant's numbers, and those of each of its agents; `CACHE_TTL_CRM_STATISTICS_SECONDS` old at the most. */
  @Get()
  @CacheResponse({ type: 'crm_statistics', key: queryKey })
  async ofTenant(@CurrentPrincipal() { tenantId }: Principal, @Query() span: StatisticsQueryDto): Promise<TenantStatisticsDto> {
    return TenantStatisticsDto.of(tenantId, await this.statistics.ofTenant(tenantId, checked(span)), span);
  }

  /** One agent's numbers; `CACHE_TTL_CRM_STATISTICS_SECONDS` old at the most. */
  @Get('agents/:agentId')
  @CacheResponse({ type: 'crm_statistics', key: (request) => [pathParam(request.params, 'agentId'), ...queryKey(request)] })
  async ofAgent(@CurrentPrincipal() { tenantId }: Principal, @UuidParam('agentId') agentId: string, @Query() span: StatisticsQueryDto): Promise<OneAgentStatisticsDto> {
    return OneAgentStatisticsDto.ofOne(agentId, await this.statistics.ofAgent(tenantId, agentId, checked(span)), span);
  }
}

/** @throws VALIDATION_FAILED (invalid) */
function checked(span: StatisticsQueryDto): StatisticsQueryDto {
  if (span.from && span.to && span.from >= span.to) throw crmErrors.spanEmpty();
  return span;
}
