import type { MigrationLoopAnswer } from '../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../shared/actions/index.js';
import { MigrationLoop } from './migration-loop.service.js';

/** Running twice equals running once: what runs is not started again. */
@HandlesAction('migration.start_migration_loop')
export class StartMigrationLoopHandler implements ActionHandler<'migration.start_migration_loop'> {
  constructor(private readonly loop: MigrationLoop) {}

  readonly handle = async (): Promise<MigrationLoopAnswer> => this.loop.start();
}
