import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { ConversationsModule } from '../conversations/index.js';
import { ExecutionModule } from '../execution/index.js';
import { MigrationModule } from '../migration/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ConversationDetailService } from './conversation-detail.service.js';
import { CrmAnnotationsController } from './crm-annotations.controller.js';
import { CrmAuditController } from './crm-audit.controller.js';
import { CrmConversationsController } from './crm-conversations.controller.js';
import { CrmErasuresController } from './crm-erasures.controller.js';
import { CrmExportController } from './crm-export.controller.js';
import { CrmOperationsController } from './crm-operations.controller.js';
import { CrmStatisticsController } from './crm-statistics.controller.js';
import { EraseUserHandler } from './erasure/erase-user.handler.js';
import { ErasurePass } from './erasure/erasure-pass.service.js';
import { ErasureRun } from './erasure/erasure-run.service.js';
import { Erasures } from './erasure/erasures.service.js';
import { ErasureEntity } from './erasure/erasure.entity.js';
import { ErasureRepository } from './erasure/erasure.repository.js';
import { FoundThings } from './erasure/found-things.service.js';
import { Ownership } from './erasure/ownership.service.js';
import { SweepErasuresHandler } from './erasure/sweep-erasures.handler.js';
import { UserTracesStore } from './erasure/user-traces.store.js';
import { PersonalExport } from './export/personal-export.service.js';
import { OperatorActions } from './operator-actions.service.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  imports: [DatabaseModule.forEntities(ErasureEntity), TenancyModule, ConversationsModule, ExecutionModule, MigrationModule],
  controllers: [CrmConversationsController, CrmAnnotationsController, CrmOperationsController, CrmStatisticsController, CrmAuditController, CrmExportController, CrmErasuresController],
  providers: [ConversationDetailService, OperatorActions, StatisticsService, PersonalExport, Ownership, ErasureRepository, UserTracesStore, FoundThings, ErasurePass, Erasures, ErasureRun, EraseUserHandler, SweepErasuresHandler],
})
export class CrmModule {}
