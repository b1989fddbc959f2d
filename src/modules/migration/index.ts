export { LedgerVerification } from './ledger-verification.service.js';
export type { LedgerReport } from './ledger-verification.service.js';
export { MigrationLedger } from './migration-ledger.service.js';
export type { LedgerPart, MovedRange } from './migration-ledger.service.js';
export { MigrationLoop } from './migration-loop.service.js';
export { MigrationModule } from './migration.module.js';
export { MigrationRun } from './migration-run.service.js';
export type { MigrationRunReport } from './migration-run.service.js';
export { MigrationStats } from './migration-stats.service.js';
