export { ExecutionModule } from './execution.module.js';
export type { Execution, ExecutionResult } from './execution.js';
export { ExecutionsService } from './executions.service.js';
