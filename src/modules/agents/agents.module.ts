import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { AgentEntity } from './agent.entity.js';
import { AgentRepository } from './agent.repository.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';

@Module({
  imports: [DatabaseModule.forEntities(AgentEntity), TenancyModule],
  controllers: [AgentsController],
  providers: [AgentRepository, AgentsService],
  exports: [AgentsService],
})
export class AgentsModule {}
