import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { ConversationsModule } from '../conversations/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ConversationMover } from './conversation-mover.service.js';
import { ExplicitMigration } from './explicit-migration.service.js';
import { LedgerEntity } from './ledger.entity.js';
import { LedgerRepository } from './ledger.repository.js';
import { GetMigrationStatsHandler } from './get-migration-stats.handler.js';
import { MigrateConversationHandler } from './migrate-conversation.handler.js';
import { MigrationLedger } from './migration-ledger.service.js';
import { LedgerVerification } from './ledger-verification.service.js';
import { MigrationRun } from './migration-run.service.js';
import { MigrationLoop } from './migration-loop.service.js';
import { MigrationMetrics } from './migration-metrics.service.js';
import { MigrationStateStore } from './migration-state.store.js';
import { MigrationStats } from './migration-stats.service.js';
import { MoveConversationHandler } from './move-conversation.handler.js';
import { RangeWriter } from './range-writer.service.js';
import { MigrationController } from './rest/migration.controller.js';
import { StartMigrationLoopHandler } from './start-migration-loop.handler.js';
import { StopMigrationLoopHandler } from './stop-migration-loop.handler.js';
import { RetentionPass } from './retention-pass.service.js';
import { SweepDueHandler } from './sweep-due.handler.js';
import { TenantSweep } from './tenant-sweep.service.js';
import { TrackedMover } from './tracked-mover.service.js';

const SERVICES = [LedgerRepository, MigrationLedger, RangeWriter, ConversationMover, MigrationStateStore, TrackedMover, ExplicitMigration, MigrationLoop, MigrationStats, MigrationMetrics, RetentionPass, TenantSweep, LedgerVerification, MigrationRun];
const HANDLERS = [MoveConversationHandler, SweepDueHandler, StartMigrationLoopHandler, StopMigrationLoopHandler, MigrateConversationHandler, GetMigrationStatsHandler];

@Module({
  imports: [DatabaseModule.forEntities(LedgerEntity), ConversationsModule, TenancyModule],
  controllers: [MigrationController],
  providers: [...SERVICES, ...HANDLERS],
  exports: [MigrationLedger, MigrationLoop, MigrationStats, MigrationRun, LedgerVerification],
})
export class MigrationModule {}
