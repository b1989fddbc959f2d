export type { Command } from './commands/command.js';
export { ExecutionModule } from './execution.module.js';
export type { Execution, ExecutionResult } from './execution.js';
export { ExecutionsService } from './executions.service.js';
export { ExecutionErasure, meantBy } from './personal/execution-erasure.service.js';
export type { ErasedExecutions } from './personal/execution-erasure.service.js';
export { ExecutionWalk } from './personal/execution-walk.service.js';
