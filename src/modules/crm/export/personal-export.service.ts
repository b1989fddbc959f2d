import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import { ConversationAnnotations, type ConversationRef, ConversationWalk, HistoryReader, type StoredConversation } from '../../conversations/index.js';
import { type Execution, ExecutionWalk } from '../../execution/index.js';
import { Ownership } from '../erasure/ownership.service.js';
import { commandRecord, conversationRecord, executionRecord, type ExportRecord, messageRecord, noteRecord } from './export-record.js';

const NOTES_AT_ONCE = 200;

/** Everything of a conversation, of a user, or of a tenant, record by record: no more of it is in memory than a page of messages. */
@Injectable()
export class PersonalExport {
  private running = 0;

  constructor(
    private readonly walk: ConversationWalk,
    private readonly history: HistoryReader,
    private readonly executions: ExecutionWalk,
    private readonly annotations: ConversationAnnotations,
    private readonly ownership: Ownership,
    metrics: MetricsService,
  ) {
    metrics.read('gauge', { name: 'nooble_exports_running', help: 'Exports that this process is writing.' }, () => [[{}, this.running]]);
  }

  /** @throws CONVERSATION_NOT_FOUND (notFound), before there is anything to read */
  async ofConversation({ tenantId, conversationId }: ConversationRef): Promise<AsyncIterable<ExportRecord>> {
    const conversation = await this.history.get({ tenantId, conversationId });
    return this.counted(this.whole(tenantId, conversation));
  }

  /**
   * What is a user's: conversations that are his, and those of nobody in which he alone took part, whole; of another user's conversations the runs that he
   * set off, with their two messages; his commands.
   */
  ofUser(tenantId: string, userId: string): AsyncIterable<ExportRecord> {
    return this.counted(this.allOf(tenantId, userId));
  }

  /** Conversations that began in a stretch of time, whole. */
  ofTenant(tenantId: string, began: { readonly from?: Date | undefined; readonly to?: Date | undefined }): AsyncIterable<ExportRecord> {
    return this.counted(this.conversations(tenantId, began));
  }

  private async *conversations(tenantId: string, filter: Parameters<ConversationWalk['each']>[1], seen?: Set<string>): AsyncGenerator<ExportRecord> {
    for await (const conversation of this.walk.each(tenantId, filter)) {
      seen?.add(conversation.conversationId);
      yield* this.whole(tenantId, conversation);
    }
  }

  private async *allOf(tenantId: string, userId: string): AsyncGenerator<ExportRecord> {
    const seen = new Set<string>();
    yield* this.conversations(tenantId, { userId }, seen);
    for await (const execution of this.executions.executions(tenantId, { userId })) {
      const { conversationId } = execution;
      if (seen.has(conversationId)) continue;
      const conversation = await this.history.findAlive({ tenantId, conversationId });
      if (conversation && (await this.ownership.isHis(tenantId, conversation, userId))) {
        seen.add(conversationId);
        yield* this.whole(tenantId, conversation);
      } else yield* this.run(tenantId, execution);
    }
    for await (const command of this.executions.commandsOf(tenantId, userId)) yield commandRecord(command);
  }

  private async *whole(tenantId: string, conversation: StoredConversation): AsyncGenerator<ExportRecord> {
    const { conversationId } = conversation;
    for (const annotated of await this.annotations.of(tenantId, [conversation])) yield conversationRecord(annotated);
    try {
      for await (const message of this.walk.messages(tenantId, conversationId)) yield messageRecord(conversationId, message);
      yield* this.notes({ tenantId, conversationId });
    } catch (error) {
      if (toAppError(error).kind !== 'notFound') throw error;
      yield { type: 'gone', conversationId };
    }
    for await (const execution of this.executions.executions(tenantId, { conversationId })) yield executionRecord(execution);
  }

  private async *notes(ref: ConversationRef): AsyncGenerator<ExportRecord> {
    for (let cursor: string | undefined, isLast = false; !isLast; ) {
      const { data, nextCursor } = await this.annotations.notes(ref, { limit: NOTES_AT_ONCE, cursor });
      for (const note of data) yield noteRecord(ref.conversationId, note);
      isLast = nextCursor === null;
      cursor = nextCursor ?? undefined;
    }
  }

  /** A run in the conversation of somebody else. */
  private async *run(tenantId: string, execution: Execution): AsyncGenerator<ExportRecord> {
    const { conversationId } = execution;
    yield executionRecord(execution);
    for (const message of await this.history.messagesOfRun({ tenantId, conversationId }, execution.executionId)) yield messageRecord(conversationId, message);
  }

  /** Ends with its reader, also when he goes away in the middle. */
  private async *counted(records: AsyncGenerator<ExportRecord>): AsyncGenerator<ExportRecord> {
    this.running++;
    try {
      yield* records;
    } finally {
      this.running--;
    }
  }
}
