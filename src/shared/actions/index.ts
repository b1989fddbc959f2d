export { ActionBus } from './action-bus.service.js';
export type { DispatchOptions, NewAction } from './action-bus.service.js';
export { HandlesAction } from './action-handler.js';
export type { ActionHandler, ActionRun } from './action-handler.js';
export { startDeadline } from './deadline.js';
export type { Deadline } from './deadline.js';
export { ActionsModule } from './actions.module.js';
