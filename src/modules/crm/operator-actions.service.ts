import { Injectable } from '@nestjs/common';
import type { MigratedConversationAnswer } from '../../contracts/index.js';
import { ActionBus, DeadLetters, type StoredDeadLetter } from '../../shared/actions/index.js';
import { type ConversationRef, ConversationsService, HistoryReader, type StoredConversation } from '../conversations/index.js';
import { type Execution, ExecutionsService, RunCancellation } from '../execution/index.js';
import type { Principal } from '../tenancy/index.js';
import { crmErrors } from './crm.errors.js';
import type { RetriedJobDto } from './dto/operator-actions.dto.js';

/** Dead letters that are looked through at once. */
const PAGE = 500;

/** What an operator does with one conversation; each throws CONVERSATION_NOT_FOUND (notFound). */
@Injectable()
export class OperatorActions {
  constructor(
    private readonly bus: ActionBus,
    private readonly deadLetters: DeadLetters,
    private readonly conversations: ConversationsService,
    private readonly history: HistoryReader,
    private readonly executions: ExecutionsService,
    private readonly cancellation: RunCancellation,
  ) {}

  /** Moves it now, due or not, also while the loop is stopped. A worker does it. @throws ACTION_TIMEOUT (unavailable) after 30 s, and then it still will */
  async move({ tenantId, tier }: Principal, conversationId: string): Promise<MigratedConversationAnswer> {
    return this.bus.request('migration.migrate_conversation_explicitly', { tenantId, tenantTier: tier, data: { conversationId } });
  }

  /** Brings it back to Redis, as its next message would. */
  async reheat(ref: ConversationRef): Promise<StoredConversation> {
    return this.conversations.reheat(ref);
  }

  /** Stops a run of it and waits until it has ended; one that has ended stays as it is. @throws EXECUTION_NOT_FOUND (notFound) */
  async cancel({ tenantId, conversationId }: ConversationRef, executionId: string, reason: string): Promise<Execution> {
    const execution = await this.executions.find({ tenantId, executionId });
    if (execution?.conversationId !== conversationId) throw crmErrors.executionNotFound(executionId);
    return this.cancellation.cancel({ tenantId, executionId }, { reason });
  }

  /** Sends again what had failed for good of it: moves, turns, whatever names it. */
  async retry(ref: ConversationRef): Promise<RetriedJobDto[]> {
    await this.history.get(ref);
    const retried: RetriedJobDto[] = [];
    for (const { deadLetterId } of await this.lettersOf(ref)) retried.push({ deadLetterId, ...(await this.deadLetters.retry(deadLetterId)) });
    return retried;
  }

  /** Oldest first. */
  private async lettersOf(ref: ConversationRef): Promise<StoredDeadLetter[]> {
    const found: StoredDeadLetter[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await this.deadLetters.page(PAGE, cursor);
      found.push(...page.data.filter((letter) => isOf(letter, ref)));
      cursor = page.nextCursor;
    }
    return found.reverse();
  }
}

function isOf({ tenantId, action }: StoredDeadLetter, ref: ConversationRef): boolean {
  const { data } = (action ?? {}) as { readonly data?: { readonly conversationId?: unknown } | null };
  return tenantId === ref.tenantId && data?.conversationId === ref.conversationId;
}
