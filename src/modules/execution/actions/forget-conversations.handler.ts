import type { DomainAction } from '../../../contracts/index.js';
import { type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import { ConversationArchive } from '../../conversations/index.js';
import { executionErrors } from '../execution.errors.js';
import { RunMemos } from '../memo/run-memos.service.js';
import { ExecutionErasure } from '../personal/execution-erasure.service.js';

/** A deletion that is not through after so many looks has failed; whoever asks for it again sends this again. */
const LOOKS = 5;

/** Running twice equals running once: what was taken out is found no more. A conversation that is not deleted is left alone. */
@HandlesAction('execution.forget_conversations')
export class ForgetConversationsHandler implements ActionHandler<'execution.forget_conversations'> {
  constructor(
    private readonly archive: ConversationArchive,
    private readonly erasure: ExecutionErasure,
    private readonly memos: RunMemos,
  ) {}

  readonly handle = async ({ tenantId, data }: DomainAction<'execution.forget_conversations'>, { attempt, signal }: ActionRun): Promise<void> => {
    const erased = await Promise.all(data.conversationIds.map((conversationId) => this.archive.isErased({ tenantId, conversationId })));
    const gone = data.conversationIds.filter((_, i) => erased[i]);
    for (const conversationId of gone) {
      signal.throwIfAborted();
      await this.erasure.erase(tenantId, { executionIds: [], conversationIds: [conversationId] });
    }
    // It looks through everything.
    if (gone.length > 0) await this.memos.forget(tenantId, new Set(gone));
    if (erased.includes(false) && attempt < LOOKS) throw executionErrors.conversationStillThere();
  };
}
