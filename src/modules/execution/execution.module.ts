import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { AgentsModule } from '../agents/index.js';
import { ConversationsModule } from '../conversations/index.js';
import { KnowledgeModule } from '../knowledge/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { AgentRunHandler } from './actions/agent-run.handler.js';
import { CancelExecutionHandler } from './actions/cancel-execution.handler.js';
import { GetAgentConfigHandler } from './actions/get-agent-config.handler.js';
import { InvalidateAgentCacheHandler } from './actions/invalidate-agent-cache.handler.js';
import { ChatController } from './chat.controller.js';
import { CommandCaches } from './commands/command-caches.service.js';
import { CommandEndings } from './commands/command-endings.service.js';
import { CommandEntity } from './commands/command.entity.js';
import { CommandEvents } from './commands/command-events.service.js';
import { CommandNewsStore } from './commands/command-news.store.js';
import { CommandReader } from './commands/command-reader.service.js';
import { CommandRepository } from './commands/command.repository.js';
import { CommandsController } from './commands/commands.controller.js';
import { CommandsService } from './commands/commands.service.js';
import { CommandSubmission } from './commands/command-submission.service.js';
import { CommandWriter } from './commands/command-writer.service.js';
import { ExecutionContexts } from './context/execution-contexts.service.js';
import { EventArchiveRepository } from './event-log/event-archive.repository.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { EventReader } from './event-log/event-reader.service.js';
import { LiveRuns } from './event-log/live-runs.service.js';
import { EventWriters } from './event-log/event-writers.service.js';
import { ExecutionEventsEntity } from './event-log/execution-events.entity.js';
import { WakeUpStore } from './event-log/wake-up.store.js';
import { ExecutionEndings } from './execution-endings.service.js';
import { ExecutionList } from './execution-list.service.js';
import { ExecutionPersistence } from './execution-persistence.service.js';
import { ExecutionRecords } from './execution-records.service.js';
import { ExecutionStatisticsRepository } from './execution-statistics.repository.js';
import { ExecutionStatistics } from './execution-statistics.service.js';
import { ExecutionEntity } from './execution.entity.js';
import { ExecutionRepository } from './execution.repository.js';
import { ExecutionsController } from './executions.controller.js';
import { ExecutionsService } from './executions.service.js';
import { ExecutionsGateway } from './gateway/executions.gateway.js';
import { RunFollowings } from './gateway/run-followings.service.js';
import { SessionFollowings } from './gateway/session-followings.service.js';
import { SessionRunsStore } from './gateway/session-runs.store.js';
import { SocketAdmission } from './gateway/socket-admission.service.js';
import { SocketRights } from './gateway/socket-rights.service.js';
import { SocketTicketsController } from './gateway/socket-tickets.controller.js';
import { SocketTicketsStore } from './gateway/socket-tickets.store.js';
import { SocketTurns } from './gateway/socket-turns.service.js';
import { RunMemos } from './memo/run-memos.service.js';
import { ModelProviders } from './models/model-providers.js';
import { Orchestrator } from './orchestrator.service.js';
import { PersistExecutionHandler } from './actions/persist-execution.handler.js';
import { ForgetConversationsHandler } from './actions/forget-conversations.handler.js';
import { ExecutionErasure } from './personal/execution-erasure.service.js';
import { RunRemoval } from './personal/run-removal.service.js';
import { ExecutionWalk } from './personal/execution-walk.service.js';
import { PersonalExecutionRepository } from './personal/personal-execution.repository.js';
import { RunAdmission } from './runs/run-admission.service.js';
import { RunBeginnings } from './runs/run-beginnings.service.js';
import { RunCancellation } from './runs/run-cancellation.service.js';
import { RunDispatcher } from './runs/run-dispatcher.service.js';
import { RunEndings } from './runs/run-endings.service.js';
import { RunStore } from './runs/run.store.js';
import { RunningRuns } from './runs/running-runs.service.js';
import { SilentRuns } from './runs/silent-runs.service.js';
import { SweepRunsHandler } from './actions/sweep-runs.handler.js';
import { AgentTools } from './tools/agent-tools.service.js';
import { McpServers } from './tools/mcp-servers.service.js';
import { TurnAnswers } from './turn-answers.service.js';
import { TurnPreparation } from './turn-preparation.service.js';
import { TurnResponder } from './turn-responder.service.js';
import { Turn } from './turn.service.js';
import { DeliverWebhookHandler } from './webhooks/deliver-webhook.handler.js';
import { WebhookDeliveries } from './webhooks/webhook-deliveries.service.js';
import { WebhookDeliveryEntity } from './webhooks/webhook-delivery.entity.js';
import { WebhookDeliveryRepository } from './webhooks/webhook-delivery.repository.js';
import { WebhookSecrets } from './webhooks/webhook-secrets.service.js';
import { WebhookSender } from './webhooks/webhook-sender.service.js';
import { EmbeddingBudgets } from './usage/embedding-budgets.service.js';
import { EmbeddingLedger } from './usage/embedding-ledger.service.js';
import { EmbeddingUsageEntity } from './usage/embedding-usage.entity.js';
import { EmbeddingUsageRepository } from './usage/embedding-usage.repository.js';
import { ModelPrices } from './usage/model-prices.service.js';
import { Reservations } from './usage/reservations.service.js';
import { RunClaims } from './usage/run-claims.service.js';
import { TenantUsage } from './usage/tenant-usage.service.js';
import { UsageController } from './usage/usage.controller.js';
import { UsageStore } from './usage/usage.store.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';

@Module({
  imports: [DatabaseModule.forEntities(ExecutionEntity, ExecutionEventsEntity, WebhookDeliveryEntity, CommandEntity, EmbeddingUsageEntity), TenancyModule, AgentsModule, ConversationsModule, KnowledgeModule],
  controllers: [ExecutionsController, ChatController, WebhooksController, CommandsController, SocketTicketsController, UsageController],
  providers: [
    ...[EventLogStore, WakeUpStore, EventReader, LiveRuns, EventWriters, EventArchiveRepository],
    ...[ExecutionRepository, ExecutionStatisticsRepository, ExecutionStatistics, ExecutionEndings, ExecutionRecords, ExecutionPersistence, ExecutionsService, ExecutionList, TurnResponder],
    ...[RunStore, RunDispatcher, RunEndings, RunCancellation, RunAdmission, RunBeginnings, RunningRuns, SilentRuns],
    ...[ModelPrices, RunClaims, UsageStore, TenantUsage, EmbeddingUsageRepository, EmbeddingLedger, Reservations, EmbeddingBudgets],
    ...[AgentRunHandler, PersistExecutionHandler, SweepRunsHandler, CancelExecutionHandler, InvalidateAgentCacheHandler, GetAgentConfigHandler],
    ...[ExecutionContexts, McpServers, AgentTools, Orchestrator, TurnPreparation, TurnAnswers, Turn, ModelProviders, RunMemos],
    ...[SocketTicketsStore, SocketRights, SocketAdmission, SessionRunsStore, RunFollowings, SessionFollowings, SocketTurns, ExecutionsGateway],
    ...[WebhookDeliveryRepository, WebhookDeliveries, WebhookSecrets, WebhookSender, DeliverWebhookHandler],
    ...[CommandRepository, CommandEvents, CommandNewsStore, CommandCaches, CommandWriter, CommandEndings, CommandReader, CommandSubmission, CommandsService],
    ...[PersonalExecutionRepository, ExecutionWalk, RunRemoval, ExecutionErasure, ForgetConversationsHandler],
  ],
  exports: [ExecutionsService, ExecutionList, ExecutionStatistics, RunCancellation, ExecutionWalk, ExecutionErasure, RunMemos],
})
export class ExecutionModule {}
