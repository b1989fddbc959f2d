import { type DomainAction, type MigrationStatsAnswer, SYSTEM_TENANT } from '../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../shared/actions/index.js';
import { MigrationStats } from './migration-stats.service.js';

/** Running twice equals running once: it changes nothing. */
@HandlesAction('migration.get_migration_stats')
export class GetMigrationStatsHandler implements ActionHandler<'migration.get_migration_stats'> {
  constructor(private readonly stats: MigrationStats) {}

  readonly handle = async ({ tenantId }: DomainAction<'migration.get_migration_stats'>): Promise<MigrationStatsAnswer> => this.stats.get(tenantId === SYSTEM_TENANT ? undefined : tenantId);
}
