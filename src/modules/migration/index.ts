export { MigrationLedger } from './migration-ledger.service.js';
export type { MovedRange } from './migration-ledger.service.js';
export { MigrationModule } from './migration.module.js';
