import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/index.js';
import { ExecutionModule } from '../execution/index.js';
import { MigrationModule } from '../migration/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ConversationDetailService } from './conversation-detail.service.js';
import { CrmAuditController } from './crm-audit.controller.js';
import { CrmConversationsController } from './crm-conversations.controller.js';
import { CrmExportController } from './crm-export.controller.js';
import { CrmStatisticsController } from './crm-statistics.controller.js';
import { PersonalExport } from './export/personal-export.service.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  imports: [TenancyModule, ConversationsModule, ExecutionModule, MigrationModule],
  controllers: [CrmConversationsController, CrmStatisticsController, CrmAuditController, CrmExportController],
  providers: [ConversationDetailService, StatisticsService, PersonalExport],
})
export class CrmModule {}
