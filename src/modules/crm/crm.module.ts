import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/index.js';
import { ExecutionModule } from '../execution/index.js';
import { MigrationModule } from '../migration/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { ConversationDetailService } from './conversation-detail.service.js';
import { CrmAnnotationsController } from './crm-annotations.controller.js';
import { CrmConversationsController } from './crm-conversations.controller.js';
import { CrmOperationsController } from './crm-operations.controller.js';
import { CrmStatisticsController } from './crm-statistics.controller.js';
import { OperatorActions } from './operator-actions.service.js';
import { StatisticsService } from './statistics.service.js';

@Module({
  imports: [TenancyModule, ConversationsModule, ExecutionModule, MigrationModule],
  controllers: [CrmConversationsController, CrmAnnotationsController, CrmOperationsController, CrmStatisticsController],
  providers: [ConversationDetailService, OperatorActions, StatisticsService],
})
export class CrmModule {}
