import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { SYSTEM_TENANT } from '../../contracts/index.js';
import { AgentCacheInvalidator, CacheMetrics } from '../../shared/cache/index.js';
import { Audited } from './audit/audited.js';
import { CacheReportDto } from './dto/cache-report.dto.js';
import { CacheInvalidationDto } from './dto/cache-invalidation.dto.js';
import { InvalidateCacheDto } from './dto/invalidate-cache.dto.js';
import { RequiresScope } from './requires-scope.js';

@ApiTags('operations')
@ApiBearerAuth()
@RequiresScope('admin')
@Controller('api/v1/admin/cache')
export class AdminCacheController {
  constructor(
    private readonly metrics: CacheMetrics,
    private readonly invalidator: AgentCacheInvalidator,
  ) {}

  /** What the caches of the process that answers have done since its start, by type, and what state they are in. */
  @Get()
  report(): CacheReportDto {
    return this.metrics.report();
  }

  /** Makes every process forget what it has cached of a tenant, or of one agent of it. With a whole tenant, the holders of all API keys are read again, too. */
  @Post('invalidate')
  @Audited('cache.invalidate', { tenant: 'tenantId', says: ['agentId'] })
  @HttpCode(200)
  async invalidate(@Body() { tenantId, agentId }: InvalidateCacheDto): Promise<CacheInvalidationDto> {
    if (agentId !== undefined) return this.invalidator.agent(tenantId, agentId, { withConversations: true });
    await this.invalidator.tenant(SYSTEM_TENANT);
    return this.invalidator.tenant(tenantId);
  }
}
