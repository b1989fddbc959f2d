import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { ActionBus } from '../../../shared/actions/index.js';
import { NoFieldsDto, UuidParam } from '../../../shared/http/index.js';
import { Audited, CurrentPrincipal, type Principal, RequiresScope, WithoutTenant } from '../../tenancy/index.js';
import { migrationErrors } from '../migration.errors.js';
import { MigrationLoop } from '../migration-loop.service.js';
import { MigrationStats } from '../migration-stats.service.js';
import { MigrateConversationDto, MigratedConversationDto, MigrationLoopDto, MigrationStatsDto, MigrationStatsQueryDto } from './dto/migration.dto.js';

@ApiTags('operations')
@ApiBearerAuth()
@Controller('api/v1/admin/migration')
export class MigrationController {
  constructor(
    private readonly loop: MigrationLoop,
    private readonly stats: MigrationStats,
    private readonly bus: ActionBus,
  ) {}

  /** How far the migration is, over all processes: of all tenants for administrators, otherwise of the caller's. */
  @Get()
  @RequiresScope('operator')
  @WithoutTenant()
  async get(@CurrentPrincipal() { tenantId, scopes }: Principal, @Query() { tenantId: named }: MigrationStatsQueryDto): Promise<MigrationStatsDto> {
    if (scopes.includes('admin')) return this.stats.get(named);
    if (named !== undefined && named !== tenantId) throw migrationErrors.tenantMismatch(named);
    return this.stats.get(tenantId);
  }

  /** From now on what is due is moved, in every tenant. A sweep follows at once. */
  @Post('start')
  @Audited('migration.start')
  @HttpCode(200)
  @RequiresScope('admin')
  async start(@Body() _: NoFieldsDto): Promise<MigrationLoopDto> {
    return this.loop.start();
  }

  /** From now on no move begins by itself, in any process, until the loop is started again. Moves that are running are waited for, 5 s at the most. */
  @Post('stop')
  @Audited('migration.stop')
  @HttpCode(200)
  @RequiresScope('admin')
  async stop(@Body() _: NoFieldsDto): Promise<MigrationLoopDto> {
    return this.loop.stop();
  }

  /** Moves a conversation of the caller's tenant at once, due or not, also while the loop is stopped. A worker does it; 503 `ACTION_TIMEOUT` after 30 s, and then it still will. */
  @Post('conversations/:conversationId')
  @Audited('migration.move', { target: 'conversationId' })
  @HttpCode(200)
  @RequiresScope('operator')
  async migrate(@CurrentPrincipal() { tenantId, tier }: Principal, @UuidParam('conversationId') conversationId: string, @Body() { cleanupMemory }: MigrateConversationDto): Promise<MigratedConversationDto> {
    const data = { conversationId, ...(cleanupMemory !== undefined && { cleanupMemory }) };
    return this.bus.request('migration.migrate_conversation_explicitly', { tenantId, tenantTier: tier, data });
  }
}
