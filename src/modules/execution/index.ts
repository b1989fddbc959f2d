export { ExecutionModule } from './execution.module.js';
export type { Execution, ExecutionResult } from './execution.js';
export { ExecutionList } from './execution-list.service.js';
export { ExecutionStatistics } from './execution-statistics.service.js';
export type { ExecutionNumbers, ExecutionReport } from './execution-statistics.service.js';
export { RunCancellation } from './runs/run-cancellation.service.js';
export { ExecutionsService } from './executions.service.js';
