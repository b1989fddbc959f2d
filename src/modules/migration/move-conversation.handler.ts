import { type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import type { DomainAction, MovedConversationAnswer } from '../../contracts/index.js';
import { HotIndexStore } from '../conversations/index.js';
import { TrackedMover } from './tracked-mover.service.js';

/** Running twice equals running once: a move stores only what PostgreSQL does not have, and compares the rest. */
@HandlesAction('migration.move')
export class MoveConversationHandler implements ActionHandler<'migration.move'> {
  constructor(
    private readonly mover: TrackedMover,
    private readonly index: HotIndexStore,
  ) {}

  readonly handle = async ({ tenantId, data }: DomainAction<'migration.move'>, { attempt, signal }: ActionRun): Promise<MovedConversationAnswer> => {
    const moved = await this.mover.move({ tenantId, conversationId: data.conversationId }, { attempt, signal, isExplicit: false });
    return moved ? { archivedSeq: moved.archivedSeq } : { archivedSeq: null, skipped: 'stopped' };
  };

  readonly onExhausted = async ({ tenantId, data }: DomainAction<'migration.move'>): Promise<void> => {
    await this.index.postpone({ tenantId, conversationId: data.conversationId });
  };
}
