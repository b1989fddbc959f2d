import type { MigrationLoopAnswer } from '../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../shared/actions/index.js';
import { MigrationLoop } from './migration-loop.service.js';

/** Running twice equals running once: what is stopped stays so. */
@HandlesAction('migration.stop_migration_loop')
export class StopMigrationLoopHandler implements ActionHandler<'migration.stop_migration_loop'> {
  constructor(private readonly loop: MigrationLoop) {}

  readonly handle = async (): Promise<MigrationLoopAnswer> => this.loop.stop();
}
