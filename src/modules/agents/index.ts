export type { Agent, AgentModel, AgentType, McpServer } from './agent.js';
export { requireRunnable } from './agent-access.js';
export { chooseModel } from './agent-model.js';
export { AgentsModule } from './agents.module.js';
export { requireTurnModel } from './agent-limits.js';
export { AgentsService } from './agents.service.js';
export { HeaderSecrets } from './header-secrets.service.js';
