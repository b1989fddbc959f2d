import type { DomainAction, MigratedConversationAnswer } from '../../contracts/index.js';
import { type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import { ExplicitMigration } from './explicit-migration.service.js';

/** Running twice equals running once: a move stores only what PostgreSQL does not have, and compares the rest. */
@HandlesAction('migration.migrate_conversation_explicitly')
export class MigrateConversationHandler implements ActionHandler<'migration.migrate_conversation_explicitly'> {
  constructor(private readonly migration: ExplicitMigration) {}

  readonly handle = async ({ tenantId, data }: DomainAction<'migration.migrate_conversation_explicitly'>, { attempt, signal }: ActionRun): Promise<MigratedConversationAnswer> =>
    this.migration.migrate({ tenantId, conversationId: data.conversationId }, { attempt, signal, cleanupMemory: data.cleanupMemory });
}
