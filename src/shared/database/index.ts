export { Gathering } from './gathering.js';
export { inspectDatabase } from './database-preflight.js';
export { DatabaseModule } from './database.module.js';
export { migrateSchema } from './migrate-schema.js';
export { Transactions } from './transactions.service.js';
export type { Tx } from './transactions.service.js';
