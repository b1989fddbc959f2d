import { Module } from '@nestjs/common';
import { DatabaseModule } from '../../shared/database/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { AgentEntity } from './agent.entity.js';
import { AgentRepository } from './agent.repository.js';
import { AgentChangeEntity } from './agent-change.entity.js';
import { AgentChangeRepository } from './agent-change.repository.js';
import { AgentChanges } from './agent-changes.service.js';
import { AgentDefinitions } from './agent-definitions.service.js';
import { AgentVersionEntity } from './agent-version.entity.js';
import { AgentVersionRepository } from './agent-version.repository.js';
import { AgentVersionsController } from './agent-versions.controller.js';
import { AgentVersions } from './agent-versions.service.js';
import { AgentsController } from './agents.controller.js';
import { AgentsService } from './agents.service.js';
import { HeaderSecrets } from './header-secrets.service.js';

@Module({
  imports: [DatabaseModule.forEntities(AgentEntity, AgentVersionEntity, AgentChangeEntity), TenancyModule],
  controllers: [AgentsController, AgentVersionsController],
  providers: [AgentRepository, AgentVersionRepository, AgentChangeRepository, AgentChanges, AgentVersions, HeaderSecrets, AgentDefinitions, AgentsService],
  exports: [AgentsService, HeaderSecrets],
})
export class AgentsModule {}
