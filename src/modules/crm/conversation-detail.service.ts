import { Injectable } from '@nestjs/common';
import { type ConversationRef, HistoryReader, type Message, type StoredConversation } from '../conversations/index.js';
import { type Execution, ExecutionsService } from '../execution/index.js';
import { type MovedRange, MigrationLedger } from '../migration/index.js';

/** Everything that an operator sees of one conversation. */
export interface ConversationDetail {
  readonly conversation: StoredConversation;
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Ended ones, oldest first. */
  readonly executions: readonly Execution[];
  readonly ledger: readonly MovedRange[];
}

@Injectable()
export class ConversationDetailService {
  constructor(
    private readonly history: HistoryReader,
    private readonly executions: ExecutionsService,
    private readonly ledger: MigrationLedger,
  ) {}

  /**
   * @param from  first seq wanted
   * @param limit messages at the most
   * @throws CONVERSATION_NOT_FOUND (notFound), also for another tenant's
   */
  async get(ref: ConversationRef, from: number, limit: number): Promise<ConversationDetail> {
    const conversation = await this.history.get(ref);
    const [messages, executions, ledger] = await Promise.all([
      this.history.messages(ref, from, limit),
      this.executions.ofConversation(ref.tenantId, ref.conversationId),
      this.ledger.ofConversation(ref.tenantId, ref.conversationId),
    ]);
    return { conversation, messages, executions, ledger };
  }
}
