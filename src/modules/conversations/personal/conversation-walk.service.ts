import { Injectable } from '@nestjs/common';
import type { Conversation, Message, StoredConversation } from '../conversation.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { HotIndexStore } from '../hot/hot-index.store.js';
import { type Begun, PersonalConversationRepository, type PersonalFilter } from './personal-conversation.repository.js';

/** Rows, and messages, that are read at once: some megabytes of long messages. Guesses. */
const ROWS = 200;
const MESSAGES = 100;

/** Goes through conversations of both stores one by one, however many there are, and through their messages. Nothing of it is cached. */
@Injectable()
export class ConversationWalk {
  constructor(
    private readonly index: HotIndexStore,
    private readonly rows: PersonalConversationRepository,
    private readonly history: HistoryReader,
  ) {}

  /**
   * Those that there are when it begins, each once: first those in Redis, which is asked first, so that none is missed that leaves it meanwhile;
   * then the others, oldest first.
   */
  async *ids(tenantId: string, filter: PersonalFilter): AsyncGenerator<string> {
    const hot = (await this.index.hotConversations(tenantId)).filter((conversation) => conversation.status !== 'deleted' && matches(conversation, filter));
    const seen = new Set(hot.map(({ conversationId }) => conversationId));
    yield* seen;
    for (let after: Begun | undefined; ; ) {
      const page = await this.rows.findAfter(tenantId, filter, after, ROWS);
      for (const { conversationId } of page) if (!seen.has(conversationId)) yield conversationId;
      after = page.at(-1);
      if (after === undefined || page.length < ROWS) return;
    }
  }

  /** The same as they are when it comes to them; without those that were deleted meanwhile. */
  async *each(tenantId: string, filter: PersonalFilter): AsyncGenerator<StoredConversation> {
    for await (const conversationId of this.ids(tenantId, filter)) {
      const conversation = await this.history.findAlive({ tenantId, conversationId });
      if (conversation) yield conversation;
    }
  }

  /** All messages of a conversation, oldest first, without a gap or a double while it is moved: withdrawn ones, too. @throws CONVERSATION_NOT_FOUND (notFound) once it is deleted */
  async *messages(tenantId: string, conversationId: string): AsyncGenerator<Message> {
    for (let after = 0; ; ) {
      const page = await this.history.following({ tenantId, conversationId }, after, MESSAGES);
      yield* page;
      if (page.length < MESSAGES) return;
      after = page.at(-1)?.seq ?? after;
    }
  }
}

function matches({ userId, createdAt }: Conversation, filter: PersonalFilter): boolean {
  return (filter.userId === undefined || filter.userId === userId) && (filter.from === undefined || createdAt >= filter.from) && (filter.to === undefined || createdAt < filter.to);
}
