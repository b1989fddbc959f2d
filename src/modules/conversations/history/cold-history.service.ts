import { Injectable } from '@nestjs/common';
import { CacheAsideService, type CacheTypeName } from '../../../shared/cache/index.js';
import { ArchiveRepository } from '../archive/archive.repository.js';
import { type Conversation, type ConversationRef, type Message, WINDOW_SYSTEM_MESSAGES } from '../conversation.js';
import { firstShown, withoutWithdrawn } from '../withdrawn.js';
import { type MessagePage, type MessageQuery, hiddenSeqs, pageOfMessages, wholeQuery } from './message-page.js';

interface Entry {
  readonly dataType: CacheTypeName;
  readonly id: readonly string[];
  readonly load: () => Promise<readonly Message[]>;
}

/**
 * Messages of conversations at rest, through the caches. An entry is kept under the conversation, its revision, which every change of it moves on,
 * and how much of it PostgreSQL has, which one revision may bring in several steps: what was cached before is then never asked for again. A page is
 * kept under what was asked for, so none is taken for another or for the whole.
 */
@Injectable()
export class ColdHistory {
  constructor(
    private readonly archive: ArchiveRepository,
    private readonly cache: CacheAsideService,
  ) {}

  /** @param conversation as PostgreSQL has it */
  async page(ref: ConversationRef, conversation: Conversation, query: MessageQuery): Promise<MessagePage> {
    const { role, limit, after, before } = query;
    const hidden = hiddenSeqs(query, conversation);
    const total = role === undefined ? conversation.messageCount - hidden.length : await this.archive.countMessages(ref, role, conversation.archivedSeq, hidden);
    const id = ['page', String(limit), String(after ?? ''), String(before ?? ''), role ?? ''];
    const messages = await this.cached(ref, conversation, { dataType: 'conversation_message', id, load: () => this.archive.findMessagePage(ref, wholeQuery(query)) });
    return pageOfMessages(query, { total, inPostgres: messages, inRedis: [], withdrawnSeqs: conversation.withdrawnSeqs });
  }

  /** The newest messages that are not withdrawn, oldest first; the system messages before them, too. */
  async tail(ref: ConversationRef, conversation: Conversation, count: number): Promise<readonly Message[]> {
    return this.cached(ref, conversation, { dataType: 'conversation_memory', id: ['tail', String(count)], load: () => this.loadTail(ref, conversation, count) });
  }

  private async loadTail(ref: ConversationRef, { archivedSeq, withdrawnSeqs }: Conversation, count: number): Promise<readonly Message[]> {
    const first = firstShown(archivedSeq, count, withdrawnSeqs);
    const [tail, systemSeqs] = await Promise.all([this.archive.findMessages(ref, first, archivedSeq), this.archive.findSystemSeqs(ref, WINDOW_SYSTEM_MESSAGES)]);
    const older = systemSeqs.filter((seq) => seq < first);
    return withoutWithdrawn([...(older.length > 0 ? await this.archive.findMessagesAt(ref, older) : []), ...tail], withdrawnSeqs);
  }

  private async cached({ tenantId, conversationId }: ConversationRef, { agentId, revision, archivedSeq }: Conversation, { dataType, id, load }: Entry): Promise<readonly Message[]> {
    const scope = { agent: agentId, conversation: conversationId };
    const { value } = await this.cache.getWithCacheAside({ dataType, tenantId, resourceId: [conversationId, String(revision), String(archivedSeq), ...id], scope, fetchFromDb: load, operation: 'history' });
    return value ?? [];
  }
}
