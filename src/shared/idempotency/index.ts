export { IdempotencyModule } from './idempotency.module.js';
export { Idempotent, RequestIds, idsOf } from './idempotent.js';
export { NewIds } from './new-ids.js';
