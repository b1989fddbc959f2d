export type { Agent, AgentType } from './agent.js';
export { requireRunnable } from './agent-access.js';
export { chooseModel } from './agent-model.js';
export { AgentsModule } from './agents.module.js';
export { AgentsService } from './agents.service.js';
