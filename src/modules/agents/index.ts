export type { Agent, AgentType } from './agent.js';
export { AgentsModule } from './agents.module.js';
export { AgentsService } from './agents.service.js';
