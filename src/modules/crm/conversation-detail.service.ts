import { Injectable } from '@nestjs/common';
import { type Annotations, ConversationAnnotations, type ConversationRef, HistoryReader, type Message, type NotePage, type StoredConversation } from '../conversations/index.js';
import { type Execution, ExecutionList } from '../execution/index.js';
import { type LedgerPart, MigrationLedger } from '../migration/index.js';

/** Executions and notes that a detail has at the most, the newest. */
const NEWEST = { limit: 200, cursor: undefined };

/** Everything that an operator sees of one conversation. */
export interface ConversationDetail {
  readonly conversation: StoredConversation & Annotations;
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Those that wait or run, unless Redis is away, and those that have ended, oldest first: the newest of them. */
  readonly executions: readonly Execution[];
  readonly executionCount: number;
  readonly notes: NotePage;
  readonly ledger: LedgerPart;
}

@Injectable()
export class ConversationDetailService {
  constructor(
    private readonly history: HistoryReader,
    private readonly annotations: ConversationAnnotations,
    private readonly executions: ExecutionList,
    private readonly ledger: MigrationLedger,
  ) {}

  /**
   * @param from  first seq wanted
   * @param limit messages at the most
   * @throws CONVERSATION_NOT_FOUND (notFound), also for another tenant's
   */
  async get(ref: ConversationRef, from: number, limit: number): Promise<ConversationDetail> {
    const stored = await this.history.get(ref);
    const [messages, executions, [conversation], notes, ledger] = await Promise.all([
      this.history.messages(ref, from, limit),
      this.executions.listReachable(ref.tenantId, { conversationId: ref.conversationId }, NEWEST),
      this.annotations.of(ref.tenantId, [stored]),
      this.annotations.notes(ref, NEWEST),
      this.ledger.ofConversation(ref.tenantId, ref.conversationId),
    ]);
    return { conversation: conversation ?? { ...stored, labels: [], assignee: null }, messages, executions: executions.data.toReversed(), executionCount: executions.total, notes, ledger };
  }
}
