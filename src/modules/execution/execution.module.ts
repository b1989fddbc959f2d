import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { AgentsModule } from '../agents/index.js';
import { ConversationsModule } from '../conversations/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { AgentRunHandler } from './agent-run.handler.js';
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
import { EventLogStore } from './event-log/event-log.store.js';
import { EventReader } from './event-log/event-reader.service.js';
import { WakeUpStore } from './event-log/wake-up.store.js';
import { ExecutionEndings } from './execution-endings.service.js';
import { ExecutionEntity } from './execution.entity.js';
import { ExecutionRepository } from './execution.repository.js';
import { ExecutionsController } from './executions.controller.js';
import { ExecutionsService } from './executions.service.js';
import { ExecutionsGateway } from './gateway/executions.gateway.js';
import { ModelProviders } from './models/model-providers.js';
import { Orchestrator } from './orchestrator.service.js';
import { PersistExecutionHandler } from './persist-execution.handler.js';
import { AgentTools } from './tools/agent-tools.service.js';
import { TurnPreparation } from './turn-preparation.service.js';
import { Turn } from './turn.service.js';

@Module({
  imports: [DatabaseModule.forEntities(ExecutionEntity, CommandEntity), TenancyModule, AgentsModule, ConversationsModule],
  controllers: [ExecutionsController, CommandsController],
  providers: [
    ...[EventLogStore, WakeUpStore, EventReader, ExecutionRepository, ExecutionEndings, ExecutionsService],
    ...[ExecutionContexts, AgentTools, Orchestrator, AgentRunHandler, PersistExecutionHandler, TurnPreparation, Turn, ModelProviders, ExecutionsGateway],
    ...[CommandRepository, CommandEvents, CommandNewsStore, CommandCaches, CommandWriter, CommandEndings, CommandReader, CommandSubmission, CommandsService],
  ],
  exports: [ExecutionsService],
})
export class ExecutionModule {}
